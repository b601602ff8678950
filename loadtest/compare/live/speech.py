"""What each stream says, and when: recordings with pauses; the microphone stays on behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtest.run.wer.manifest import Recording
from streamer.speech.clip import SAMPLE_RATE

PAUSE_S = 1.0
TAIL_S = 6.0
"""A microphone that is on, behind the last word: not every server ends well."""
NOISE_DB = -80
FRAME_S = 0.1
QUIET_DB = -40
"""Below the loudest frame: what is quieter at either end is no speech."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance of a stream: what is said from when to when, in seconds of the stream."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Monologue:
    """(n,) 16-bit samples at 16 kHz, and what is said in them."""

    samples: NDArray[np.int16]
    spoken: Sequence[Spoken]


def monologue(recordings: Sequence[Recording], seed: int) -> Monologue:
    """Join recordings with a second of almost silence before each."""
    rng = np.random.default_rng(seed)
    parts: list[NDArray[np.float32]] = []
    spoken: list[Spoken] = []
    at = 0
    for one in recordings:
        samples = one.samples()
        first, last = _voiced(samples)
        at += round(PAUSE_S * SAMPLE_RATE)
        spoken.append(Spoken(one.text, (at + first) / SAMPLE_RATE, (at + last) / SAMPLE_RATE))
        parts += [np.zeros(round(PAUSE_S * SAMPLE_RATE), np.float32), samples]
        at += len(samples)
    parts.append(np.zeros(round(TAIL_S * SAMPLE_RATE), np.float32))
    joined = np.concatenate(parts)
    joined += 10 ** (NOISE_DB / 20) * rng.standard_normal(len(joined), np.float32)
    return Monologue((np.clip(joined, -1, 1) * 32767).astype(np.int16), spoken)


class LiveAudio:
    """The monologue at the speed of life; `began` is when its first sample was spoken."""

    def __init__(self, monologue: Monologue, delay_s: float) -> None:
        self._data = monologue.samples.astype("<i2").tobytes()
        self._delay_s = delay_s
        self.began = 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(self._delay_s)
        self.began = time.monotonic()
        size = round(FRAME_S * SAMPLE_RATE) * 2
        for at in range(0, len(self._data), size):
            due = self.began + (at + size) / 2 / SAMPLE_RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield self._data[at : at + size]


def _voiced(samples: NDArray[np.float32]) -> tuple[int, int]:
    """Return the first sample of speech, and the one behind the last."""
    frame = SAMPLE_RATE // 100
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (QUIET_DB / 10))
    return int(loud[0]) * frame, (int(loud[-1]) + 1) * frame
