"""More streams than a server can keep its promise to: who is refused, and how the others fare.

    python -m loadtest run overload --capacity 100 --json overload.json

As many streams as the capacity come within the first seconds, and half as many again after them,
one after the other. Who is refused tries again at once, until the end, so that the server has to
keep its promise to the others against the impatient.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from typing import Any

import uvloop

from loadtest.clients import pcm, play
from loadtest.measures import StreamLog, measure, percentiles
from loadtest.options import audio_option, report_option, server_options
from loadtest.progress import clock
from loadtest.reports import tell
from loadtest.run.streams import GOAL_S
from loadtest.server_metrics import read_lag, share_late
from loadtest.serving import served
from streamer.speech.clip import SAMPLE_RATE

SHARE = 1.5
"""Streams that try to come, over the capacity."""
FIRST_S = 10.0
"""Within which the first of them come, as many as the capacity is."""
LEAST_S = 1.0
"""Who would have less time to speak does not try again."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--capacity", type=int, required=True, help="as `run capacity` found it")
    parser.add_argument("--seconds", type=float, default=60.0)
    audio_option(parser)
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Run, and print a report; 1 if the promise to those let in was not kept."""
    audio = pcm(options.audio)
    with served(options.serve) as url:
        report = uvloop.run(overload(url, audio, options.capacity, options.seconds))
    tell(report, options.json)
    return 0 if report["kept"] else 1


async def overload(url: str, audio: bytes, capacity: int, seconds: float) -> dict[str, Any]:
    """Let them come, each for the rest of the time, and take the measures of those let in."""
    streams = round(SHARE * capacity)
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE
    ends = time.monotonic() + seconds
    lag_before = await asyncio.to_thread(read_lag, url)
    label = f"{streams} streams come for {seconds:g} s"
    async with clock(label, seconds), asyncio.TaskGroup() as group:
        tries = [
            group.create_task(
                _try(url, audio, FIRST_S * number / capacity, ends, rng.random() * period)
            )
            for number in range(streams)
        ]
    late = share_late(await asyncio.to_thread(read_lag, url) - lag_before)
    logs = [log for one in tries for log in one.result()]
    admitted = [log for log in logs if not log.refused]
    samples = measure(admitted)
    beyond = percentiles(samples.beyond_silence)
    kept = beyond["p95"] is not None and beyond["p95"] <= GOAL_S * 1000
    return {
        "capacity": capacity,
        "tried": streams,
        "admitted": len(admitted),
        "turned_away": sum(one.result()[-1].refused for one in tries),
        "refusals": len(logs) - len(admitted),
        "kept": kept and samples.late_or_lost + samples.errors + samples.failed_streams == 0,
        "final_beyond_silence_ms": beyond,
        "finals": samples.finals,
        "late_or_lost": samples.late_or_lost,
        "errors": samples.errors,
        "failed_streams": samples.failed_streams,
        "server_loop_lag_over_20_ms": late,
    }


async def _try(url: str, audio: bytes, comes: float, ends: float, offset: float) -> list[StreamLog]:
    """Come, and again as long as one is refused: only the last log may be no refusal's."""
    await asyncio.sleep(comes)
    logs: list[StreamLog] = []
    while not logs or (logs[-1].refused and time.monotonic() < ends - LEAST_S):
        logs.append(StreamLog())
        await play(url, audio, logs[-1], offset, ends - time.monotonic())
    return logs
