"""Real-time streams: how many our server keeps its promise to, partials on, and sherpa-onnx's.

    python -m loadtest compare peer-capacity --json capacity.json
    python -m loadtest compare peer-capacity --streams 200 --streams 240   # in turns

The promise is `run capacity`'s: finals within 500 ms beyond the silence at p95, none lost. The
clients run on the same machine. sherpa-onnx's do the endpointing, and get no partials. A search
takes minutes, in which a shared machine may change; who takes turns has the same one.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import uvloop

from loadtest.clients import pcm
from loadtest.compare.published import published_folder
from loadtest.compare.sherpa import Threads, cohere_arguments, sherpa_server
from loadtest.compare.sherpa_streams import run_sherpa_streams
from loadtest.options import audio_option, report_option
from loadtest.reports import tell
from loadtest.run.capacity import REST_S, SEARCH_S, Run, find_capacity
from loadtest.run.streams import run_streams
from loadtest.serving import served
from streamer.models.registry import resolve

TURNS = 2
"""At each load."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    audio_option(parser)
    parser.add_argument("--model", default="embedded", help="a model of the package")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a turn, or to confirm")
    parser.add_argument("--streams", type=int, action="append", help="take turns, do not search")
    parser.add_argument("--work-threads", type=int, default=2, help="of sherpa-onnx")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Search for each capacity, or take turns, and print a report."""
    tell(uvloop.run(_in_turns(options) if options.streams else _searched(options)), options.json)
    return 0


async def _searched(options: argparse.Namespace) -> dict[str, Any]:
    """Search for each server's capacity while it runs alone."""
    reports: dict[str, Any] = {}
    for name, server in _servers(options).items():
        with server as run:
            reports[name] = await find_capacity(run, SEARCH_S, options.seconds)
    ours, theirs = (report["capacity"] for report in reports.values())
    return {"ratio": round(ours / max(1, theirs), 2), **reports}


async def _in_turns(options: argparse.Namespace) -> dict[str, Any]:
    """Run both at each load, one after the other, again and again."""
    reports: dict[str, Any] = {}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server) for name, server in _servers(options).items()}
        for streams in options.streams:
            for _ in range(TURNS):
                for name, run in servers.items():
                    await asyncio.sleep(REST_S)
                    report = await run(streams, options.seconds)
                    beyond = report["final_beyond_silence_ms"]
                    reports.setdefault(f"{streams} streams", {}).setdefault(name, []).append(beyond)
    return reports


def _servers(options: argparse.Namespace) -> dict[str, AbstractContextManager[Run]]:
    """Make what starts each server, for runs of so many streams for so many seconds."""
    audio, folder = pcm(options.audio), resolve(options.model)

    @contextmanager
    def ours() -> Generator[Run]:
        with served(["--model", str(folder)]) as url:
            yield partial(run_streams, url, audio)

    @contextmanager
    def theirs() -> Generator[Run]:
        threads = Threads(options.work_threads, 1)
        with sherpa_server(cohere_arguments(published_folder(folder)), threads) as url:
            yield partial(run_sherpa_streams, url, audio)

    return {"streamer": ours(), "sherpa-onnx": theirs()}
