"""Files as fast as they go: the bare loop over the graphs, and the server with the same graphs.

    python -m loadtest.files --rounds 5 --json out.json

RTFx is seconds of audio a second of wall time. Efficiency is the server's RTFx over that of the
bare loop at its best batch. All are measured in turn in every round; medians are reported.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import uvloop
from numpy.typing import NDArray

from loadtest.serving import served
from streamer.audio.encodings import Encoding
from streamer.audio.files import AudioFile
from streamer.cli.demo import sample_path
from streamer.client import open_stream
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.dispatch.job import Job
from streamer.families.registry import load_model
from streamer.models.registry import resolve
from streamer.pipeline.files import offline_settings
from streamer.protocols.native.messages import Final
from streamer.session.session import Session
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import Hypothesis

BATCHES = (1, 2, 4, 8, 16)
FILES_AT_ONCE = 8
MIN_SPEECH_MS = 160


def main() -> int:
    """Measure in turn, and print a table and a report."""
    arguments = _arguments()
    samples = np.concatenate(list(AudioFile(arguments.audio, SAMPLE_RATE).blocks(1.0)))
    audio_s = len(samples) * arguments.files / SAMPLE_RATE
    clips = utterances(samples) * arguments.files
    engine = load_model(resolve(arguments.model), threads=arguments.threads)
    serve = ["--model", arguments.model, "--threads", str(arguments.threads)]
    measured: dict[str, list[float]] = {}

    def measure(name: str, run: Callable[[], object]) -> None:
        began = time.perf_counter()
        run()
        measured.setdefault(name, []).append(audio_s / (time.perf_counter() - began))

    with served(serve) as url:
        for _ in range(arguments.rounds + 1):
            for batch in BATCHES:
                measure(f"bare loop, batch {batch}", partial(bare_loop, engine, clips, batch))
            measure("server", lambda: uvloop.run(_through_server(url, samples, arguments.files)))
    rtfx = {name: round(statistics.median(runs[1:]), 1) for name, runs in measured.items()}
    best = max(value for name, value in rtfx.items() if name != "server")
    report = {"audio_s": round(audio_s, 1), "rtfx": rtfx, "efficiency": rtfx["server"] / best}
    print(json.dumps(report, indent=2))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def bare_loop(engine: StepEngine, clips: list[Clip], batch: int) -> list[Hypothesis]:
    """Transcribe clips so many at a time, the longest first, which suits a loop best."""
    ordered = sorted(clips, key=lambda clip: -len(clip.samples))
    heard: list[Hypothesis] = []
    for at in range(0, len(ordered), batch):
        heard += [hypothesis for _, hypothesis in transcribe(engine, ordered[at : at + batch])]
    return heard


def utterances(samples: NDArray[np.float32]) -> list[Clip]:
    """Cut a recording as the server would."""
    session = Session("cut", offline_settings("en"), MIN_SPEECH_MS)
    outputs = session.feed(samples.astype(np.float32).tobytes()) + session.stop()
    return [output.clip for output in outputs if isinstance(output, Job)]


async def _through_server(url: str, samples: NDArray[np.float32], files: int) -> None:
    data = (samples * 32767).astype("<i2").tobytes()
    turn = asyncio.Semaphore(FILES_AT_ONCE)

    async def one() -> int:
        async with turn, open_stream(url, partials=False, encoding=Encoding.PCM_S16LE) as stream:
            for at in range(0, len(data), 65536):
                await stream.send(data[at : at + 65536])
            await stream.stop()
            return sum([isinstance(message, Final) async for message in stream])

    finals = await asyncio.gather(*(one() for _ in range(files)))
    assert min(finals) > 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--audio", type=Path, default=sample_path())
    parser.add_argument("--files", type=int, default=16, help="how often the recording is done")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
