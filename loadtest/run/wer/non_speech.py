"""Sounds in which nobody speaks, whose text can only be made up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from loadtest.run.wer.noises import Samples, pink, white
from streamer.speech.clip import SAMPLE_RATE

SECONDS = 4.0
LEVELS_DB = (-60, -40, -20)
"""Of noise, full scale being 0."""
TONES_HZ = (100, 440, 1000, 3000)
DTMF_HZ = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))
KEY_S, KEY_PAUSE_S = 0.2, 0.1
CLICKS_S = (0.1, 0.5, 1.0)


def non_speech() -> Iterator[tuple[str, Samples]]:
    """Yield names and (n,) samples at 16 kHz: the same ones each time."""
    rng = np.random.default_rng(4)
    count = round(SECONDS * SAMPLE_RATE)
    time_s = np.arange(count) / SAMPLE_RATE
    yield "silence", np.zeros(count, np.float32)
    for level in LEVELS_DB:
        gain = np.float32(10 ** (level / 20))
        yield f"white noise, {level} dB", gain * white(rng, count)
        yield f"pink noise, {level} dB", gain * pink(rng, count)
    for pitch in TONES_HZ:
        yield f"tone, {pitch} Hz", _tone(time_s, pitch)
    sweep = np.sin(2 * np.pi * (100 * time_s + 400 * time_s**2))
    yield "sweep, 100 to 3300 Hz", (0.3 * sweep).astype(np.float32)
    yield "ringing, 440 and 480 Hz", np.float32(0.5) * (_tone(time_s, 440) + _tone(time_s, 480))
    yield "keys of a telephone", _keys()
    for gap in CLICKS_S:
        clicks = np.zeros(count, np.float32)
        clicks[:: round(gap * SAMPLE_RATE)] = 0.8
        yield f"clicks, {gap:g} s apart", clicks


def _keys() -> Samples:
    """All sixteen, one after the other."""
    time_s = np.arange(round(KEY_S * SAMPLE_RATE)) / SAMPLE_RATE
    pause = np.zeros(round(KEY_PAUSE_S * SAMPLE_RATE), np.float32)
    low, high = DTMF_HZ
    pairs = [(one, other) for one in low for other in high]
    keys = [(_tone(time_s, one) + _tone(time_s, other), pause) for one, other in pairs]
    return np.concatenate([part for key in keys for part in key])


def _tone(time_s: np.ndarray[tuple[int], np.dtype[np.float64]], pitch: float) -> Samples:
    return (0.3 * np.sin(2 * np.pi * pitch * time_s)).astype(np.float32)
