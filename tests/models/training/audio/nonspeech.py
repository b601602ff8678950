"""Sound without speech: what the model must answer with nothing."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE

Samples = NDArray[np.float32]


def coloured_noise(rng: np.random.Generator, length: int) -> Samples:
    """Noise whose power falls as 1/f**slope (-0.5 to 2.2; 0 white, 2 brown), RMS about 1."""
    bank = _noise_bank()
    colour = bank[int(rng.integers(len(bank)))]
    return np.take(colour, np.arange(length) + int(rng.integers(len(colour))), mode="wrap")


@cache
def _noise_bank() -> list[Samples]:
    """A minute of each colour: slices of it cost a hundredth of fresh noise."""
    rng, size = np.random.default_rng(0), 1 << 20
    bins = np.maximum(np.arange(size // 2 + 1, dtype=np.float32), 40 * size / SAMPLE_RATE)
    bank: list[Samples] = []
    for slope in np.linspace(-0.5, 2.2, 14):
        spectrum = np.fft.rfft(rng.standard_normal(size))
        noise = np.fft.irfft(spectrum * bins ** (-slope / 2), size)
        bank.append((noise / np.sqrt(np.mean(noise**2))).astype(np.float32))
    return bank


def hum(rng: np.random.Generator, length: int) -> Samples:
    """Mains hum: 50 or 60 Hz and its overtones."""
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    base = rng.choice((50.0, 60.0))
    parts = [
        rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6))
        for k in range(1, 10)
    ]
    return _level(np.sum(parts, axis=0))


def tones(rng: np.random.Generator, length: int) -> Samples:
    """Chords or single notes that start and stop: beeps, ringing, simple music."""
    time = np.arange(length, dtype=np.float32) / SAMPLE_RATE
    out = np.zeros(length, np.float32)
    note = int(rng.uniform(0.08, 1.0) * SAMPLE_RATE)
    for start in range(0, length, note):
        if rng.random() < 0.15:
            continue
        part = slice(start, min(length, start + note))
        local = time[part] - time[start]
        fade = np.exp(-local * rng.uniform(0, 6)) * np.minimum(1, local * 100)
        for _ in range(rng.integers(1, 5)):
            pitch = 110 * 2 ** (rng.integers(0, 48) / 12)
            for k in range(1, rng.integers(2, 6)):
                out[part] += (fade * np.sin(2 * np.pi * pitch * k * local) / k**1.5).astype(
                    np.float32
                )
    return _level(out)


def clicks(rng: np.random.Generator, length: int) -> Samples:
    """Clicks and knocks: single samples or short decaying bursts."""
    out = np.zeros(length, np.float32)
    for _ in range(rng.integers(1, 12)):
        size = int(rng.choice((1, 4, 80, 400, 1600)))
        start = int(rng.integers(0, max(1, length - size)))
        burst = (
            rng.standard_normal(size)
            * np.exp(-np.arange(size) / (size / 4 + 1))
            * rng.uniform(0.2, 1)
        )
        out[start : start + size] += burst[: length - start].astype(np.float32)
    return _level(out, peak=0.8)


def babble(rng: np.random.Generator, length: int, speech: list[Samples]) -> Samples:
    """Reversed speech of several clips on top of each other: voices, but no words."""
    out = np.zeros(length, np.float32)
    for clip in speech:
        backwards = clip[::-1]
        repeated = np.resize(backwards, length) if len(backwards) else out
        out += np.roll(repeated, int(rng.integers(0, length))) * rng.uniform(0.4, 1.0)
    return _level(out)


def draw(rng: np.random.Generator, length: int, speech: list[Samples]) -> Samples:
    """(length,) samples of some kind without words; ``speech`` is material for the babble."""
    kind = rng.random()
    level = 10 ** rng.uniform(-3.2, -0.5)
    if kind < 0.12:
        return np.zeros(length, np.float32)
    if kind < 0.45:
        sound = coloured_noise(rng, length)
        if rng.random() < 0.4:  # gusts: the level wanders
            sound *= np.interp(
                np.arange(length), np.linspace(0, length, 8), rng.uniform(0.1, 1, 8)
            ).astype(np.float32)
    elif kind < 0.57:
        sound = hum(rng, length)
    elif kind < 0.72:
        sound = tones(rng, length)
    elif kind < 0.82:
        sound = clicks(rng, length)
    else:
        sound = babble(rng, length, speech)
    if rng.random() < 0.5:
        sound = sound + coloured_noise(rng, length) * np.float32(10 ** rng.uniform(-3, -1))
    return np.clip(sound * level, -1, 1).astype(np.float32)


def _level(sound: NDArray[np.floating], peak: float = 1.0) -> Samples:
    return (sound * (peak / (np.abs(sound).max() + 1e-9))).astype(np.float32)
