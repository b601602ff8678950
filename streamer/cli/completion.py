"""`streamer completion`: what a shell needs to complete commands, options and files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.parsers import Commands

SHELLS = ("bash", "zsh", "fish")

_FILES = {"FILE", "PATH", "CHECKPOINT", "OUT"}
_FOLDERS = {"DIR"}
"""Names of values that are completed as files and as folders."""


def add_to(commands: Commands, whole: argparse.ArgumentParser) -> None:
    """Add the command to the command line, which is `whole`."""
    parser = commands.add_parser(
        "completion",
        help="print a shell's completion script",
        description=(
            "Print what completes `streamer` in a shell. Needs the extra `completion`. "
            "bash: streamer completion bash > ~/.local/share/bash-completion/completions/streamer; "
            "zsh: streamer completion zsh > DIR/_streamer, with DIR in $fpath; "
            "fish: streamer completion fish > ~/.config/fish/completions/streamer.fish"
        ),
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run, whole=whole)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the script."""
    whole: argparse.ArgumentParser = arguments.whole
    try:
        import shtab
    except ImportError as error:
        problem = "completion needs the extra: pip install 'streamer-transcriber[completion]'"
        raise CommandError(problem) from error
    for action in _actions(whole):
        if action.metavar in _FILES | _FOLDERS:
            action.complete = shtab.DIRECTORY if action.metavar in _FOLDERS else shtab.FILE
    print(shtab.complete(whole, arguments.shell))
    return ExitCode.OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """Yield the actions of a parser and of its commands."""
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage] - argparse tells no other way
        yield action
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            for command in action.choices.values():
                yield from _actions(command)
