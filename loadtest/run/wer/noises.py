"""Noise: made, gathered from voices, and mixed with speech at a ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
VOICES = 6
"""Of babble: enough that no word of it can be understood."""


def power(samples: NDArray[np.floating[Any]]) -> float:
    """The mean square."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def mixed(speech: Samples, noise: Samples, snr_db: float, margin: int = 0) -> Samples:
    """Lay noise under speech, both (n,), at so many dB of signal to noise.

    `margin` samples at either end are silence that does not count as signal. What would be louder
    than 1 is made softer as a whole: the ratio stays.
    """
    signal = power(speech[margin : len(speech) - margin])
    gain = np.sqrt(signal / (power(noise) or 1.0) / 10 ** (snr_db / 10))
    sum_of_both = speech + gain * noise
    return (sum_of_both / max(1.0, float(np.abs(sum_of_both).max()))).astype(np.float32)


def white(rng: np.random.Generator, count: int) -> Samples:
    """Make (count,) samples of white noise, standard deviation 1."""
    return rng.standard_normal(count).astype(np.float32)


def pink(rng: np.random.Generator, count: int) -> Samples:
    """Make (count,) samples of pink noise, 3 dB less an octave, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    samples = np.fft.irfft(spectrum, count)
    return (samples / samples.std()).astype(np.float32)


def babble(rng: np.random.Generator, voices: Sequence[Samples], count: int) -> Samples:
    """Make (count,) samples of many voices at once, equally loud, each from somewhere on."""
    chosen = rng.permutation(len(voices))[:VOICES]
    total = np.zeros(count)
    for index in chosen:
        voice = voices[int(index)]
        begin = int(rng.integers(len(voice)))
        total += np.resize(np.roll(voice, -begin), count) / np.sqrt(power(voice) or 1.0)
    return total.astype(np.float32)
