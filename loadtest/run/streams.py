"""Real-time streams against a server: latencies, flicker, loop lag.

    python -m loadtest run streams --streams 20 --seconds 60            # its own server
    python -m loadtest run streams --url ws://127.0.0.1:8000 --plot out.png

Each stream sends a recording again and again, as a microphone would, starting at its own moment.
Audio goes to loopback unless --url says otherwise; streams and time are bounded.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from pathlib import Path
from typing import Any

import uvloop

from loadtest.clients import pcm, play
from loadtest.measures import Samples, StreamLog, measure, percentiles
from loadtest.options import audio_option, report_option, server, server_options, url_option
from loadtest.progress import clock
from loadtest.reports import tell
from loadtest.server_metrics import read_lag, share_late
from streamer.speech.clip import SAMPLE_RATE

GOAL_S = 0.5
"""Finals within so much beyond the silence at p95: what `capacity` means."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    url_option(parser)
    audio_option(parser)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    report_option(parser)
    parser.add_argument("--plot", type=Path, metavar="PNG", help="draw the run")


def run(options: argparse.Namespace) -> int:
    """Run the streams, and print a report."""
    audio = pcm(options.audio)
    with server(options) as url:
        report = uvloop.run(run_streams(url, audio, options.streams, options.seconds))
    tell(report, options.json)
    if options.plot is not None:
        from loadtest.plot import plot_runs

        plot_runs([report], options.plot)
    return 0


async def run_streams(url: str, audio: bytes, streams: int, seconds: float) -> dict[str, Any]:
    """Run so many streams for so long, and take the measures."""
    logs = [StreamLog() for _ in range(streams)]
    rng = random.Random(0)  # the same offsets every time
    period = len(audio) / 2 / SAMPLE_RATE
    lag_before = await asyncio.to_thread(read_lag, url)
    async with clock(f"{streams} streams for {seconds:g} s", seconds), asyncio.TaskGroup() as group:
        for log in logs:
            group.create_task(play(url, audio, log, rng.random() * period, seconds))
    late = share_late(await asyncio.to_thread(read_lag, url) - lag_before)
    return _report(measure(logs), streams, seconds, late)


def _report(samples: Samples, streams: int, seconds: float, loop_late: float) -> dict[str, Any]:
    beyond = percentiles(samples.beyond_silence)
    met = (
        beyond["p95"] is not None
        and beyond["p95"] <= GOAL_S * 1000
        and samples.late_or_lost + samples.errors + samples.failed_streams == 0
    )
    flicker = samples.erased_characters / max(1, samples.final_characters)
    return {
        "summary": {"streams": streams, "met": met, "final_beyond_silence_p95_ms": beyond["p95"]},
        "streams": streams,
        "seconds": seconds,
        "final_ms": percentiles(samples.final),
        "final_beyond_silence_ms": beyond,
        "first_partial_ms": percentiles(samples.first_partial),
        "partial_lag_ms": percentiles(samples.partial_lag),
        "flicker": round(flicker, 3),
        "finals": samples.finals,
        "late_or_lost": samples.late_or_lost,
        "errors": samples.errors,
        "failed_streams": samples.failed_streams,
        "server_loop_lag_over_20_ms": loop_late,
    }
