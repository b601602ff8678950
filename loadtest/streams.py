"""Many real-time streams against a server: latencies, capacity, loop lag.

    python -m loadtest.streams --streams 20 --seconds 60            # its own server
    python -m loadtest.streams --capacity --json out.json --plot out.png
    python -m loadtest.streams --url ws://127.0.0.1:8000 --streams 20

Each stream sends a recording again and again, as a microphone would, starting at its own moment.
Audio goes to loopback unless --url says otherwise; streams and time are bounded.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

from loadtest.capacity import find_capacity
from loadtest.lag import read_lag, share_late
from loadtest.measures import Samples, StreamLog, measure, percentiles
from loadtest.serving import served
from streamer.audio.files import AudioFile
from streamer.cli.demo import sample_path
from streamer.client import Stream, StreamError, open_stream
from streamer.speech.clip import SAMPLE_RATE

CHUNK_S = 0.1
SEARCH_S = 20.0
"""Of each run in the search for the capacity, before one of --seconds confirms it."""
GOAL_S = 0.5
"""Finals within so much beyond the silence at p95: what `capacity` means."""


async def main() -> int:
    """Run what the command line asks for."""
    arguments = _arguments()
    audio = pcm(arguments.audio)
    with _server(arguments) as url:
        if arguments.capacity:
            report = await find_capacity(
                partial(run_streams, url, audio), SEARCH_S, arguments.seconds
            )
        else:
            report = await run_streams(url, audio, arguments.streams, arguments.seconds)
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.plot is not None:
        from loadtest.plot import plot_runs

        plot_runs(report.get("runs", [report]), arguments.plot)
    return 0


async def run_streams(url: str, audio: bytes, streams: int, seconds: float) -> dict[str, Any]:
    """Run so many streams for so long, and take the measures."""
    logs = [StreamLog() for _ in range(streams)]
    rng = random.Random(0)  # the same offsets every time
    period = len(audio) / 2 / SAMPLE_RATE
    lag_before = await asyncio.to_thread(read_lag, url)
    async with asyncio.TaskGroup() as group:
        for log in logs:
            group.create_task(stream_for(url, audio, log, rng.random() * period, seconds))
    late = share_late(await asyncio.to_thread(read_lag, url) - lag_before)
    return _report(measure(logs), streams, seconds, late)


async def stream_for(url: str, audio: bytes, log: StreamLog, offset: float, seconds: float) -> None:
    """Run one stream, from `offset` seconds into the recording on; a failure goes into its log."""
    try:
        async with open_stream(url) as stream:
            sender = asyncio.create_task(_send(stream, audio, log, offset, seconds))
            try:
                async for message in stream:
                    log.add(time.monotonic(), message)
                await sender
            finally:
                sender.cancel()
                with contextlib.suppress(asyncio.CancelledError, StreamError):
                    await sender
    except StreamError as error:
        log.failure = str(error)


async def _send(
    stream: Stream, audio: bytes, log: StreamLog, offset: float, seconds: float
) -> None:
    size = round(CHUNK_S * SAMPLE_RATE) * 2
    at = round(offset * SAMPLE_RATE) * 2 % len(audio)
    await asyncio.sleep(random.Random(at).random() * CHUNK_S)
    log.began = time.monotonic()
    sent = 0.0
    while sent < seconds:
        piece = (audio + audio[:size])[at : at + size]
        at = (at + size) % len(audio)
        sent += len(piece) / 2 / SAMPLE_RATE
        await asyncio.sleep(max(0.0, log.began + sent - time.monotonic()))
        await stream.send(piece)
    await stream.stop()


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


@contextmanager
def _server(arguments: argparse.Namespace) -> Generator[str]:
    """Use the server at --url, or start one in a process of its own."""
    if arguments.url is not None:
        yield arguments.url
    else:
        with served(arguments.serve) as url:
            yield url


def pcm(path: Path) -> bytes:
    """Read a recording as 16-bit samples at the model's rate."""
    samples = np.concatenate(list(AudioFile(path, SAMPLE_RATE).blocks(1.0)))
    return (samples * 32767).astype("<i2").tobytes()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--url", help="a running server (default: start one)")
    parser.add_argument("--audio", type=Path, default=sample_path(), help="what is said")
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--capacity", action="store_true", help="search for the capacity")
    parser.add_argument("--json", type=Path, help="write the report here too")
    parser.add_argument("--plot", type=Path, help="draw the runs into this PNG")
    parser.add_argument("serve", nargs="*", help="options for the server, after --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
