"""Real-time streams: how many our server keeps its promise to, partials on, and sherpa-onnx's.

    python -m loadtest.peers.capacity --json capacity.json
    python -m loadtest.peers.capacity --streams 200 --streams 240     # in turns at these loads

The promise is `loadtest.streams`': finals within 500 ms beyond the silence at p95, none lost. The
clients run on the same machine. sherpa-onnx's do the endpointing, and get no partials. A search
takes minutes, in which a shared machine may change; who takes turns has the same one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from loadtest.capacity import REST_S, Run, find_capacity
from loadtest.peers.published import published_folder
from loadtest.peers.sherpa import Threads, sherpa_server
from loadtest.peers.streams import run_sherpa_streams
from loadtest.serving import served
from loadtest.streams import SEARCH_S, pcm, run_streams
from streamer.cli.demo import sample_path
from streamer.models.registry import resolve

TURNS = 2
"""At each load."""


async def main() -> int:
    """Search for each capacity, or take turns, and print a report."""
    arguments = _arguments()
    report = await (_in_turns(arguments) if arguments.streams else _searched(arguments))
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0


async def _searched(arguments: argparse.Namespace) -> dict[str, Any]:
    """Search for each server's capacity while it runs alone."""
    reports: dict[str, Any] = {}
    for name, server in _servers(arguments).items():
        with server as run:
            reports[name] = await find_capacity(run, SEARCH_S, arguments.seconds)
    ours, theirs = (report["capacity"] for report in reports.values())
    return {"ratio": round(ours / max(1, theirs), 2), **reports}


async def _in_turns(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run both at each load, one after the other, again and again."""
    reports: dict[str, Any] = {}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(server) for name, server in _servers(arguments).items()
        }
        for streams in arguments.streams:
            for _ in range(TURNS):
                for name, run in servers.items():
                    await asyncio.sleep(REST_S)
                    report = await run(streams, arguments.seconds)
                    beyond = report["final_beyond_silence_ms"]
                    reports.setdefault(f"{streams} streams", {}).setdefault(name, []).append(beyond)
    return reports


def _servers(arguments: argparse.Namespace) -> dict[str, AbstractContextManager[Run]]:
    """Make what starts each server, for runs of so many streams for so many seconds."""
    audio, folder = pcm(arguments.audio), resolve(arguments.model)

    @contextmanager
    def ours() -> Generator[Run]:
        with served(["--model", str(folder)]) as url:
            yield partial(run_streams, url, audio)

    @contextmanager
    def theirs() -> Generator[Run]:
        threads = Threads(arguments.work_threads, 1)
        with sherpa_server(published_folder(folder), threads) as url:
            yield partial(run_sherpa_streams, url, audio)

    return {"streamer": ours(), "sherpa-onnx": theirs()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.peers.capacity",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--audio", type=Path, default=sample_path(), help="what is said")
    parser.add_argument("--model", default="embedded", help="embedded, or one of tests/models")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a turn, or to confirm")
    parser.add_argument("--streams", type=int, action="append", help="take turns, do not search")
    parser.add_argument("--work-threads", type=int, default=2, help="of sherpa-onnx")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
