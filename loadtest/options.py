"""Options that several actions have."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from loadtest.serving import served
from streamer.cli.demo import sample_path


def audio_option(parser: argparse.ArgumentParser) -> None:
    """What is said."""
    parser.add_argument(
        "--audio", type=Path, default=sample_path(), help="what is said (default: the sample)"
    )


def report_option(parser: argparse.ArgumentParser) -> None:
    """Where the report goes, beside standard output."""
    parser.add_argument(
        "--json", "--output", type=Path, metavar="FILE", help="write the report here too"
    )


def server_options(parser: argparse.ArgumentParser) -> None:
    """Options of a server of one's own, behind --."""
    parser.usage = f"{parser.prog} [options] [-- options for streamer serve]"
    parser.set_defaults(serve=[])


def url_option(parser: argparse.ArgumentParser) -> None:
    """A server that runs already."""
    parser.add_argument("--url", help="a running server, ws://… (default: start one)")


@contextmanager
def server(options: argparse.Namespace) -> Generator[str]:
    """Use the server at --url, or start one in a process of its own; yields its address."""
    if options.url is not None:
        yield options.url
    else:
        with served(options.serve) as url:
            yield url
