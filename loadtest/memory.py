"""The server's memory under steady load, read every second.

    python -m loadtest.memory --streams 40 --minutes 30 --log memory.jsonl --plot memory.png

Real-time streams come and go, a minute each, as many at a time as asked for. Each reading is
appended to the log at once; a run that was broken off goes on where the log ends, with a server of
its own, whose warm-up counts as such. After the warm-up memory may not leave 5 % around its median.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from loadtest.lag import read_lag, share_late
from loadtest.measures import StreamLog, measure, percentiles
from loadtest.serving import served_process
from loadtest.streams import pcm, stream_for
from streamer.cli.demo import sample_path
from streamer.speech.clip import SAMPLE_RATE

STREAM_S = 60.0
WARM_UP_S = 300.0
TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """Resident memory of the server so many seconds after the run began, and after its server."""

    at_s: float
    server_s: float
    rss_bytes: int


async def main() -> int:
    """Run, and print a report; the exit code says whether memory stayed flat."""
    arguments = _arguments()
    audio = pcm(arguments.audio)
    earlier = read_log(arguments.log)
    done_s = earlier[-1].at_s if earlier else 0.0
    logs: list[StreamLog] = []
    with served_process(arguments.serve) as (url, process):
        lag_before = await asyncio.to_thread(read_lag, url)
        run = asyncio.create_task(
            _streams(url, audio, arguments.streams, 60 * arguments.minutes - done_s, logs)
        )
        with arguments.log.open("a", encoding="utf-8") as file:
            began = time.monotonic()
            while not run.done():
                now = time.monotonic() - began
                reading = Reading(round(done_s + now, 1), round(now, 1), resident(process.pid))
                file.write(json.dumps(asdict(reading)) + "\n")
                file.flush()
                await asyncio.wait([run], timeout=1.0)
        await run
        late = share_late(await asyncio.to_thread(read_lag, url) - lag_before)
    report = judge(read_log(arguments.log)) | {
        "streams": arguments.streams,
        "final_beyond_silence_ms": percentiles(measure(logs).beyond_silence),
        "server_loop_lag_over_20_ms": late,
        "failed_streams": sum(log.failure is not None for log in logs),
    }
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.plot is not None:
        from loadtest.plot import plot_memory

        readings = read_log(arguments.log)
        plot_memory([(one.at_s, one.rss_bytes) for one in readings], arguments.plot)
    return 0 if report["flat"] else 1


def judge(readings: list[Reading]) -> dict[str, Any]:
    """Say how far memory strayed from its median after the warm-up of each server."""
    warm = [one.rss_bytes for one in readings if one.server_s >= WARM_UP_S]
    if not warm:
        return {"flat": False, "seconds": 0}
    median = statistics.median(warm)
    strays = max(abs(rss / median - 1) for rss in warm)
    return {
        "flat": strays <= TOLERANCE,
        "seconds": round(readings[-1].at_s),
        "after_warm_up_s": len(warm),
        "median_mib": round(median / 2**20, 1),
        "least_mib": round(min(warm) / 2**20, 1),
        "most_mib": round(max(warm) / 2**20, 1),
        "strays": round(strays, 4),
    }


def read_log(path: Path) -> list[Reading]:
    """Read the readings so far; a line that was cut off in the middle is no reading."""
    if not path.is_file():
        return []
    readings: list[Reading] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            readings.append(Reading(**json.loads(line)))
    return readings


def resident(pid: int) -> int:
    """Return a process's resident memory in bytes (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


async def _streams(
    url: str, audio: bytes, streams: int, seconds: float, logs: list[StreamLog]
) -> None:
    ends = time.monotonic() + seconds
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE

    async def one_after_the_other(number: int) -> None:
        await asyncio.sleep(STREAM_S * number / streams)
        while (left := ends - time.monotonic()) > 1:
            log = StreamLog()
            await stream_for(url, audio, log, rng.random() * period, min(STREAM_S, left))
            logs.append(log)

    async with asyncio.TaskGroup() as group:
        for number in range(streams):
            group.create_task(one_after_the_other(number))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.memory", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--audio", type=Path, default=sample_path(), help="what is said")
    parser.add_argument("--log", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("serve", nargs="*", help="options for the server, after --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
