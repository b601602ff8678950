"""More streams than a server can keep its promise to: who is refused, and how the others fare.

    python -m loadtest.overload --capacity 100 --json overload.json

As many streams as the capacity come within the first seconds, and half as many again after them,
one after the other. None comes back when it is refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import uvloop

from loadtest.measures import StreamLog, measure, percentiles
from loadtest.serving import served
from loadtest.streams import GOAL_S, pcm, stream_for
from streamer.cli.demo import sample_path
from streamer.engine.base import SAMPLE_RATE

SHARE = 1.5
"""Streams that try to come, over the capacity."""
FIRST_S = 10.0
"""Within which the first of them come, as many as the capacity is."""


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
    logs = [StreamLog() for _ in range(streams)]
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE
    async with asyncio.TaskGroup() as group:
        for number, log in enumerate(logs):
            offset = rng.random() * period
            comes = FIRST_S * number / capacity
            group.create_task(_later(comes, url, audio, log, offset, seconds - comes))
    refused = [log for log in logs if log.refused]
    admitted = [log for log in logs if not log.refused]
    samples = measure(admitted)
    beyond = percentiles(samples.beyond_silence)
    kept = beyond["p95"] is not None and beyond["p95"] <= GOAL_S * 1000
    return {
        "capacity": capacity,
        "tried": streams,
        "admitted": len(admitted),
        "refused": len(refused),
        "kept": kept and samples.late_or_lost + samples.errors + samples.failed_streams == 0,
        "final_beyond_silence_ms": beyond,
        "finals": samples.finals,
        "late_or_lost": samples.late_or_lost,
        "errors": samples.errors,
        "failed_streams": samples.failed_streams,
    }


async def _later(
    comes: float, url: str, audio: bytes, log: StreamLog, offset: float, seconds: float
) -> None:
    await asyncio.sleep(comes)
    await stream_for(url, audio, log, offset, seconds)


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
