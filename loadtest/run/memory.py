"""The server's memory under steady load, read every second.

    python -m loadtest run memory --streams 40 --minutes 30 --log memory.jsonl --plot memory.png

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
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from loadtest.clients import pcm, play
from loadtest.measures import StreamLog, measure, percentiles
from loadtest.options import audio_option, report_option, server_options
from loadtest.processes import resident
from loadtest.progress import clock
from loadtest.reports import tell
from loadtest.server_metrics import read_lag, share_late
from loadtest.serving import served_process
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    audio_option(parser)
    parser.add_argument("--log", type=Path, required=True, help="JSON lines, appended to")
    report_option(parser)
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the readings")


def run(options: argparse.Namespace) -> int:
    """Run, and print a report; the exit status says whether memory stayed flat."""
    logs, late = uvloop.run(_under_load(options))
    report = judge(read_log(options.log)) | {
        "streams": options.streams,
        "final_beyond_silence_ms": percentiles(measure(logs).beyond_silence),
        "server_loop_lag_over_20_ms": late,
        "failed_streams": sum(log.failure is not None for log in logs),
    }
    tell(report, options.json)
    if options.plot is not None:
        from loadtest.plot import plot_memory

        plot_memory([(one.at_s, one.rss_bytes) for one in read_log(options.log)], options.plot)
    return 0 if report["flat"] else 1


async def _under_load(options: argparse.Namespace) -> tuple[list[StreamLog], float]:
    """Append readings to the log until its end; return the streams' logs and the late share."""
    audio = pcm(options.audio)
    earlier = read_log(options.log)
    done_s = earlier[-1].at_s if earlier else 0.0
    seconds = 60 * options.minutes - done_s
    logs: list[StreamLog] = []
    with served_process(options.serve) as (url, process):
        lag_before = await asyncio.to_thread(read_lag, url)
        streams = asyncio.create_task(_streams(url, audio, options.streams, seconds, logs))
        with options.log.open("a", encoding="utf-8") as file:
            began = time.monotonic()
            async with clock(f"{options.streams} streams for {seconds / 60:g} min", seconds):
                while not streams.done():
                    now = time.monotonic() - began
                    reading = Reading(round(done_s + now, 1), round(now, 1), resident(process.pid))
                    file.write(json.dumps(asdict(reading)) + "\n")
                    file.flush()
                    await asyncio.wait([streams], timeout=1.0)
        await streams
        return logs, share_late(await asyncio.to_thread(read_lag, url) - lag_before)


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
            await play(url, audio, log, rng.random() * period, min(STREAM_S, left))
            logs.append(log)

    async with asyncio.TaskGroup() as group:
        for number in range(streams):
            group.create_task(one_after_the_other(number))
