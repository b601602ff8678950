"""More streams than a server can keep its promise to: who is refused, and how the others fare.

    python -m loadtest.overload --capacity 100 --json overload.json

As many streams as the capacity come within the first seconds, and half as many again after them,
one after the other. Who is refused tries again at once, until the end, so that the server has to
keep its promise to the others against the impatient.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from loadtest.lag import read_lag, share_late
from loadtest.measures import StreamLog, measure, percentiles
from loadtest.serving import served
from loadtest.streams import GOAL_S, pcm, stream_for
from streamer.cli.demo import sample_path
from streamer.speech.clip import SAMPLE_RATE

SHARE = 1.5
"""Streams that try to come, over the capacity."""
FIRST_S = 10.0
"""Within which the first of them come, as many as the capacity is."""
LEAST_S = 1.0
"""Who would have less time to speak does not try again."""


async def main() -> int:
    """Run, and print a report."""
    arguments = _arguments()
    audio = pcm(arguments.audio)
    with served(arguments.serve) as url:
        report = await overload(url, audio, arguments.capacity, arguments.seconds)
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0


async def overload(url: str, audio: bytes, capacity: int, seconds: float) -> dict[str, Any]:
    """Let them come, each for the rest of the time, and take the measures of those let in."""
    streams = round(SHARE * capacity)
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE
    ends = time.monotonic() + seconds
    lag_before = await asyncio.to_thread(read_lag, url)
    async with asyncio.TaskGroup() as group:
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
        await stream_for(url, audio, logs[-1], offset, ends - time.monotonic())
    return logs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.overload",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--capacity", type=int, required=True, help="as loadtest.streams found it")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--audio", type=Path, default=sample_path(), help="what is said")
    parser.add_argument("--json", type=Path)
    parser.add_argument("serve", nargs="*", help="options for the server, after --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
