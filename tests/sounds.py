"""Sounds for tests, made from nothing the same every time; treat them as read-only."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE

Samples = NDArray[np.float32]


@cache
def voice(seconds: float, seed: int = 0) -> Samples:
    """A buzz with moving formants and syllables: what the detector takes for speech."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    buzz = sum(np.sin(k * phase) * (1 / k) for k in range(1, 25))
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
    return (0.15 * syllables * buzz + 0.002 * rng.standard_normal(len(time))).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def room(seconds: float, level_db: float = -60, seed: int = 1) -> Samples:
    """Quiet noise, as a microphone in a still room gives."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(round(seconds * SAMPLE_RATE)) * 10 ** (level_db / 20)
    return noise.astype(np.float32)


def click(seconds: float = 0.5) -> Samples:
    """One sharp impulse in silence."""
    samples = silence(seconds)
    samples[len(samples) // 2 : len(samples) // 2 + 2] = (0.9, -0.9)
    return samples


def pcm(samples: Samples) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def two_utterances() -> Samples:
    """Two stretches of speech with a second between them, and silence around."""
    parts = [silence(0.7), voice(1.5), silence(1.0), voice(1.2, seed=3), silence(0.9)]
    return np.concatenate(parts)
