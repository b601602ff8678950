"""Files as fast as they go: the bare loop over the graphs, and the server with the same graphs.

    python -m loadtest run files --rounds 5 --json out.json

RTFx is seconds of audio a second of wall time. Efficiency is the server's RTFx over that of the
bare loop at its best batch. All are measured in turn in every round; medians are reported.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import uvloop

from loadtest.bare_loop import BareLoop
from loadtest.clients import BYTES_PER_S, pcm, transcribe_file
from loadtest.cutting import cut
from loadtest.errors import CommandError
from loadtest.options import audio_option, report_option
from loadtest.progress import bar
from loadtest.reports import tell
from loadtest.serving import served
from streamer.audio.encodings import Encoding
from streamer.models.registry import resolve

BATCHES = (1, 2, 4, 8, 16)
FILES_AT_ONCE = 8
"""Connections to a server; more are of no use to any on two cores."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    audio_option(parser)
    parser.add_argument("--files", type=int, default=16, help="how often the recording is done")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Measure in turn, and print a report."""
    data = pcm(options.audio)
    audio_s = len(data) / BYTES_PER_S * options.files
    samples = np.asarray(np.frombuffer(data, "<i2") / 32767, np.float32)
    clips = cut(samples) * options.files
    loop = BareLoop(resolve(options.model), options.threads)
    measured: dict[str, list[float]] = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        measured.setdefault(name, []).append(audio_s / (time.perf_counter() - began))
        advance(1)

    serve = ["--model", options.model, "--threads", str(options.threads)]
    turns = (options.rounds + 1) * (len(BATCHES) + 1)
    with served(serve) as url, bar(f"{turns} turns of {audio_s:.0f} s of audio", turns) as advance:
        for _ in range(options.rounds + 1):
            for batch in BATCHES:
                measure(f"bare loop, batch {batch}", partial(loop.transcribe, clips, batch))
            measure("server", lambda: uvloop.run(through_server(url, data, options.files)))
    rtfx = {name: round(statistics.median(runs[1:]), 1) for name, runs in measured.items()}
    best = max(value for name, value in rtfx.items() if name != "server")
    tell(
        {"audio_s": round(audio_s, 1), "rtfx": rtfx, "efficiency": rtfx["server"] / best},
        options.json,
    )
    return 0


async def through_server(url: str, data: bytes, files: int) -> None:
    """Send the same file so often; raises CommandError where nothing was heard in one."""
    turn = asyncio.Semaphore(FILES_AT_ONCE)

    async def one() -> int:
        async with turn:
            return len(await transcribe_file(url, data, Encoding.PCM_S16LE))

    if min(await asyncio.gather(*(one() for _ in range(files)))) == 0:
        raise CommandError("no speech was heard in the recording")
