"""Integer PCM of every kind becomes the same mono samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.audio.pcm import PcmConverter, PcmFormat

RATE = 16_000


def tone(rate: int) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)


def written(samples: NDArray[np.float64], width: int) -> bytes:
    """Write (n,) or (n, channels) samples in [-1, 1)."""
    scaled = np.round(samples.ravel() * 2 ** (8 * width - 1)).astype(np.int64)
    if width == 1:
        return (scaled + 128).astype(np.uint8).tobytes()
    return b"".join(int(one).to_bytes(width, "little", signed=True) for one in scaled)


def converted(data: bytes, source: PcmFormat, piece: int = 1000) -> NDArray[np.float32]:
    converter = PcmConverter(source, RATE)
    pieces = [converter.feed(data[at : at + piece]) for at in range(0, len(data), piece)]
    return np.concatenate([*pieces, converter.finish()])


@pytest.mark.parametrize(("width", "error"), [(1, 2**-7), (2, 2**-14), (3, 1e-6), (4, 1e-6)])
def test_every_width_is_the_same_sound(width: int, error: float) -> None:
    sound = tone(RATE)
    heard = converted(written(sound, width), PcmFormat(RATE, width, 1))
    assert np.max(np.abs(heard - sound)) <= error


@pytest.mark.parametrize("rate", [1000, 8000, 44_100, 96_000, 384_000])
def test_every_rate_becomes_ours(rate: int) -> None:
    heard = converted(written(tone(rate), 2), PcmFormat(rate, 2, 1))
    assert abs(len(heard) - RATE) <= 1
    inner = slice(2000, 14_000)
    assert np.max(np.abs(heard[inner])) == pytest.approx(0.5, abs=0.02)


def test_channels_are_mixed_evenly() -> None:
    sound = tone(RATE)
    stereo = np.stack([sound, np.zeros(RATE)], axis=1)
    heard = converted(written(stereo, 2), PcmFormat(RATE, 2, 2))
    assert np.max(np.abs(heard - sound / 2)) < 1e-3


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 2, 3]), st.integers(1, 700))
def test_the_split_of_the_bytes_does_not_matter(width: int, channels: int, piece: int) -> None:
    source = PcmFormat(11_025, width, channels)
    data = np.random.default_rng(0).bytes(503 * width * channels + width * channels - 1)
    assert np.array_equal(converted(data, source, piece), converted(data, source, len(data)))
