"""Speed of the full-size shape on a GPU, with random weights that say 4 tokens a second of audio.

    python -m loadtest.gpu --work FOLDER [--size full] [--device cuda] [--captured]

Measures offline RTFx with the shares of the time, then how many real-time streams with partials
keep the 95th percentile of final latency under 300 ms, and sets the counted work beside both. Needs
the extra `export` and nothing else of the server. `--size tiny --device cpu` tries it anywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from loadtest.gpu_model import Work, build
from numpy.typing import NDArray

from streamer.decoding import resident_batcher as device_batcher
from streamer.decoding.request import Request
from streamer.decoding.resident import ResidentModel, ResidentRows
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.onnx.sessions import Graph

TOKENS_A_SECOND = 4.0
PEAK_FLOPS, PEAK_BYTES = 989e12, 4.8e12
"""Of one H200: dense FP16, and memory (NVIDIA's data sheet)."""
UTTERANCE_S, PERIOD_S, PARTIAL_S = 4.0, 6.0, 0.3
"""A stream speaks for so long, once in so long, with a partial in so long."""
LIMIT_S = 0.3


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.gpu", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--work", type=Path, required=True, help="for the model and the report")
    parser.add_argument("--size", choices=["full", "tiny"], default="full")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--captured", action="store_true", help="replay decoder calls: CUDA graphs")
    parser.add_argument("--rows", type=int, default=device_batcher.MAX_ROWS)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run of streams")
    parser.add_argument("--clips", type=int, default=512, help="of the offline measurement")
    options = parser.parse_args()
    if options.device == "cuda":
        ort.preload_dlls()
    folder = options.work / options.size
    work = build(folder, options.size)
    encoder = Graph(folder / "encoder.onnx", options.device, 0)
    decoder = Graph(folder / "decoder.onnx", options.device, 0, captured=options.captured)
    if {encoder.device, decoder.device} != {options.device}:
        print(f"ONNX Runtime does not run on {options.device} here", file=sys.stderr)
        return 1
    model = ResidentModel.of(encoder, decoder)
    prompt = Tokenizer.from_file(folder / "tokens.txt").prompt("en", punctuation=True)
    batcher = ResidentBatcher(model, -1, rows=options.rows, tokens_a_second=TOKENS_A_SECOND)
    if options.device == "cuda":
        batcher.warm(prompt)
    report: dict[str, Any] = {"device": options.device, "captured": options.captured}
    report["offline"] = offline(batcher, prompt, options.clips, work)
    report["streams"] = streams(batcher, prompt, options.seconds)
    print(json.dumps(report, indent=2))
    (options.work / "gpu.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def offline(
    batcher: ResidentBatcher, prompt: list[int], count: int, work: Work
) -> dict[str, float]:
    """Recognise clips of 2 to 30 s as fast as they go; shares of the time, and the ceilings."""
    rng = np.random.default_rng(1)
    clips = [noise(rng, seconds) for seconds in rng.uniform(2, 30, count)]
    audio_s = sum(map(len, clips)) / 16_000
    waiting = [(i, Request(clip, prompt)) for i, clip in enumerate(clips)]
    waiting.sort(key=lambda item: -item[1].frames)
    spent = {"encoder": 0.0, "decoder": 0.0, "features": 0.0}
    calls = batcher.calls
    with_clock(spent)
    began, left = time.perf_counter(), count
    while left:
        room = batcher.room
        batcher.join(waiting[:room])
        waiting = waiting[room:]
        left -= len(batcher.step())
    wall = time.perf_counter() - began
    steps = batcher.calls - calls
    spent["copies"] = steps * copies_s(batcher)
    spent["decoder"] -= spent["copies"]
    shares = {f"share {name}": seconds / wall for name, seconds in spent.items()}
    return {
        "audio_s": audio_s,
        "wall_s": wall,
        "rtfx": audio_s / wall,
        "decoder calls": steps,
        "ms a decoder call": 1000 * spent["decoder"] / steps,
        **shares,
        "share Python and the rest": 1 - sum(shares.values()),
        "encoder: of peak FLOPs": work.encoder_flops * audio_s / PEAK_FLOPS / spent["encoder"],
        "decoder: of peak bytes": work.step_bytes * steps / PEAK_BYTES / spent["decoder"],
        "rtfx at both peaks": audio_s
        / (work.encoder_flops * audio_s / PEAK_FLOPS + work.step_bytes * steps / PEAK_BYTES),
    }


def with_clock(spent: dict[str, float]) -> None:
    """Add up the time of every later call."""

    def clocked(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401, whatever it takes
            began = time.perf_counter()
            try:
                return run(*arguments, **options)
            finally:
                spent[name] += time.perf_counter() - began

        return call

    ResidentRows.encode = clocked("encoder", ResidentRows.encode)
    ResidentRows.decode = clocked("decoder", ResidentRows.decode)
    device_batcher.log_mel = clocked("features", device_batcher.log_mel)


def copies_s(batcher: ResidentBatcher) -> float:
    """Seconds that the small copies of one decoder call take by themselves."""
    rows = device_batcher.MAX_ROWS
    device = batcher.device
    values = [np.zeros((rows, 1), np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)]
    there = [ort.OrtValue.ortvalue_from_numpy(value, device, 0) for value in values]
    began = time.perf_counter()
    for _ in range(200):
        for value, to in zip(values, there, strict=True):
            to.update_inplace(value)
        there[0].numpy()
        there[1].numpy()
    return (time.perf_counter() - began) / 200


def streams(batcher: ResidentBatcher, prompt: list[int], seconds: float) -> list[dict[str, float]]:
    """Double the streams until finals are late; the last line within the limit is the capacity."""
    lines: list[dict[str, float]] = []
    count = 16
    while count <= 1 << 14:
        latencies = live(batcher, prompt, count, seconds)
        p50, p95 = (float(np.percentile(latencies, q)) for q in (50, 95))
        lines.append({"streams": count, "finals": len(latencies), "p50_s": p50, "p95_s": p95})
        print(lines[-1], file=sys.stderr)
        if p95 > LIMIT_S:
            break
        count *= 2
    return lines


def live(batcher: ResidentBatcher, prompt: list[int], count: int, length: float) -> list[float]:
    """Play so many streams for `length` seconds; return how long each final took.

    Finals go first; a partial that waits gives way to the next of its stream.
    """
    rng = np.random.default_rng(count)
    sound = noise(rng, UTTERANCE_S)
    starts = rng.uniform(0, PERIOD_S, count)
    due: list[tuple[float, int, float]] = []  # when, stream, seconds heard
    for stream, start in enumerate(starts):
        for begin in np.arange(start, length, PERIOD_S):
            heard = np.append(np.arange(PARTIAL_S, UTTERANCE_S, PARTIAL_S), UTTERANCE_S)
            due += [(begin + seconds, stream, float(seconds)) for seconds in heard]
    due.sort(reverse=True)
    finals: list[tuple[float, int]] = []
    partials: dict[int, float] = {}
    flying: dict[int, float | None] = {}
    latencies: list[float] = []
    began, key = time.perf_counter(), 0
    batcher.reset()
    while due or finals or flying:
        now = time.perf_counter() - began
        while due and due[-1][0] <= now:
            when, stream, seconds = due.pop()
            if seconds == UTTERANCE_S:
                finals.append((when, stream))
                partials.pop(stream, None)
            else:
                partials[stream] = seconds
        while batcher.room and (finals or partials):
            since = None
            if finals:
                since, _ = finals.pop(0)
                seconds = UTTERANCE_S
            else:
                seconds = partials.pop(next(iter(partials)))
            flying[key] = since
            batcher.join([(key, Request(sound[: round(16_000 * seconds)], prompt))])
            key += 1
        for ended, _ in batcher.step():
            since = flying.pop(ended)
            if since is not None:
                latencies.append(time.perf_counter() - began - since)
        if not flying:
            time.sleep(0.0005)
        if now > 3 * length:
            break  # hopelessly late
    return latencies


def noise(rng: np.random.Generator, seconds: float) -> NDArray[np.float32]:
    """Make (n,) samples of noise."""
    return (0.1 * rng.standard_normal(round(16_000 * seconds))).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
