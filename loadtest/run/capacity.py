"""The largest number of real-time streams that a server keeps its promise to.

    python -m loadtest run capacity --json out.json --plot out.png

The promise: finals within 500 ms beyond the endpoint's silence at p95, none late or lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from loadtest.clients import pcm
from loadtest.options import audio_option, report_option, server, server_options, url_option
from loadtest.progress import note
from loadtest.reports import tell
from loadtest.run.streams import run_streams

Run = Callable[[int, float], Awaitable[dict[str, Any]]]
"""(streams, seconds) to a report, whose `summary` says `met`."""

FIRST = 16
PRECISION = 20
"""The search ends where the gap between good and bad is a twentieth of the good."""


SEARCH_S = 20.0
"""Of each run in the search, before one of --seconds confirms what it found."""
REST_S = 6.0
"""Between runs: a server that refuses by the load of its last seconds must have forgotten it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    url_option(parser)
    audio_option(parser)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the run that confirms")
    report_option(parser)
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the runs")


def run(options: argparse.Namespace) -> int:
    """Search, and print a report; 1 if not even one stream was served in time."""
    audio = pcm(options.audio)
    with server(options) as url:
        runs = partial(run_streams, url, audio)
        report = uvloop.run(find_capacity(runs, SEARCH_S, options.seconds))
    tell(report, options.json)
    if options.plot is not None:
        from loadtest.plot import plot_runs

        plot_runs(report["runs"], options.plot)
    return 0 if report["capacity"] else 1


async def find_capacity(
    run: Run, search_s: float, confirm_s: float, rest_s: float = REST_S
) -> dict[str, Any]:
    """Double the streams until the goal is missed, and halve the gap, in short runs.

    Then confirm in a long one, with a twentieth fewer as long as that misses the goal.
    """
    runs: list[dict[str, Any]] = []

    async def met(streams: int, seconds: float) -> bool:
        await asyncio.sleep(rest_s)
        report = await run(streams, seconds)
        runs.append(report)
        note(json.dumps(report["summary"]))
        return bool(report["summary"]["met"])

    good, bad, streams = 0, None, FIRST
    while bad is None or bad - good > max(1, good // PRECISION):
        if await met(streams, search_s):
            good = streams
        else:
            bad = streams
        streams = good * 2 if bad is None else (good + bad) // 2
    while good > 0 and not await met(good, confirm_s):
        good -= max(1, good // PRECISION)
    return {"capacity": good, "search_s": search_s, "confirm_s": confirm_s, "runs": runs}
