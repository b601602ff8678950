"""Clips as fast as they go: RTFx, what the time went to, and how near to the card's peaks that is.

Features are a CPU's work, 1500 times as fast as life on one core: told are a run with features made
beforehand, which is the device's speed, and one that makes them between the calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from loadtest.model.gpu.peaks import Peak
from loadtest.model.gpu.random_model import SAMPLE_RATE, Work, noise, request
from streamer.decoding.request import Request
from streamer.decoding.resident import ResidentRows
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere import mel_features
from streamer.families.cohere.features import log_mel

SECONDS = (2.0, 30.0)


def requests_of(count: int, prompt: Sequence[int]) -> list[Request]:
    """Clips of 2 to 30 s, the longest first."""
    rng = np.random.default_rng(1)
    clips = [noise(rng, seconds) for seconds in rng.uniform(*SECONDS, count)]
    return sorted((request(clip, prompt) for clip in clips), key=lambda one: -len(one.samples))


def offline(
    batcher: ResidentBatcher, requests: Sequence[Request], rows: int, work: Work, peak: Peak | None
) -> dict[str, float]:
    """Recognise them all."""
    audio_s = sum(len(one.samples) for one in requests) / SAMPLE_RATE
    waiting = list(enumerate(requests))
    calls, left = batcher.work.calls, len(requests)
    with spent() as seconds:
        began = time.perf_counter()
        while left:
            free = batcher.free_slots
            for key, one in waiting[:free]:
                batcher.join(key, one)
            waiting = waiting[free:]
            left -= len(batcher.step())
        wall = time.perf_counter() - began
    steps = batcher.work.calls - calls
    seconds["copies"] = steps * copies_s(batcher.device, rows)
    seconds["decoder"] -= seconds["copies"]
    shares = {f"share {name}": of / wall for name, of in seconds.items()}
    found = {
        "audio_s": audio_s,
        "wall_s": wall,
        "rtfx": audio_s / wall,
        "decoder calls": float(steps),
        "ms a decoder call": 1000 * seconds["decoder"] / steps,
        **shares,
        "share Python and the rest": 1 - sum(shares.values()),
    }
    if peak is not None:
        flops, moved = work.encoder_flops * audio_s, work.step_bytes * steps
        found["encoder: of peak FLOPs"] = flops / peak.flops / seconds["encoder"]
        found["decoder: of peak bytes"] = moved / peak.bytes / seconds["decoder"]
        found["rtfx at both peaks"] = audio_s / (flops / peak.flops + moved / peak.bytes)
    return {name: round(number, 4) for name, number in found.items()}


@contextmanager
def features_made_beforehand(requests: Sequence[Request]) -> Generator[None]:
    """Keep the features of these clips, so that the batcher finds them made."""
    kept = {id(one.samples): log_mel(one.samples) for one in requests}

    def lookup(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return kept[id(samples)]

    with patch.object(mel_features, "log_mel", lookup):
        yield


@contextmanager
def spent() -> Generator[dict[str, float]]:
    """Add up the seconds of encoder, decoder and features for as long as the context lasts."""
    seconds = {"encoder": 0.0, "decoder": 0.0, "features": 0.0}

    def clocked(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401, whatever it takes
            began = time.perf_counter()
            try:
                return work(*arguments, **options)
            finally:
                seconds[name] += time.perf_counter() - began

        return call

    with ExitStack() as stack:
        for name, owner, attribute in (
            ("encoder", ResidentRows, "encode"),
            ("decoder", ResidentRows, "decode"),
            ("features", mel_features, "log_mel"),
        ):
            instead = clocked(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, instead))
        yield seconds


def copies_s(device: str, rows: int) -> float:
    """Seconds that the small copies of one decoder call of so many rows take by themselves."""
    values = [np.zeros((rows, 1), np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)]
    there = [ort.OrtValue.ortvalue_from_numpy(value, device, 0) for value in values]
    began = time.perf_counter()
    for _ in range(200):
        for value, to in zip(values, there, strict=True):
            to.update_inplace(value)
        there[0].numpy()
        there[1].numpy()
    return (time.perf_counter() - began) / 200
