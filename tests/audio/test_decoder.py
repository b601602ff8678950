"""However the bytes are split, the samples are the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.audio.decoder import AudioDecoder
from streamer.audio.encodings import Encoding

RATE = 16_000

SAMPLES = [one for one in Encoding if not one.is_compressed]

splits = st.lists(st.integers(0, 3000), max_size=12)


def tone(rate: int, seconds: float, channels: int = 1) -> NDArray[np.float32]:
    time = np.arange(round(rate * seconds)) / rate
    waves = [0.5 * np.sin(2 * np.pi * 300 * (channel + 1) * time) for channel in range(channels)]
    return np.stack(waves).astype(np.float32)


def encoded(planar: NDArray[np.float32]) -> bytes:
    return (planar.T * 32767).astype("<i2").tobytes()


def decoded(decoder: AudioDecoder, data: bytes, sizes: list[int]) -> NDArray[np.float32]:
    pieces: list[NDArray[np.float32]] = []
    for size in sizes:
        pieces.append(decoder.feed(data[:size]))
        data = data[size:]
    pieces += [decoder.feed(data), decoder.finish()[0]]
    return np.concatenate(pieces, axis=1)


@given(splits, st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]), st.integers(1, 3))
def test_samples_do_not_depend_on_the_split(sizes: list[int], rate: int, channels: int) -> None:
    data = encoded(tone(rate, 0.15, channels))
    whole = decoded(AudioDecoder(Encoding.PCM_S16LE, rate, channels, RATE), data, [])
    split = decoded(AudioDecoder(Encoding.PCM_S16LE, rate, channels, RATE), data, sizes)
    assert np.array_equal(whole, split)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 37123, 44100, 48000])
def test_resampling_keeps_length_and_pitch(rate: int) -> None:
    out = decoded(AudioDecoder(Encoding.PCM_S16LE, rate, 1, RATE), encoded(tone(rate, 1.0)), [])
    assert abs(out.shape[1] - RATE) <= 1
    expected = tone(RATE, 1.0)[0]
    middle = slice(2000, 14000)
    assert np.max(np.abs(out[0, middle] - expected[middle])) < 0.01


def test_channels_come_apart() -> None:
    planar = tone(RATE, 0.1, channels=2)
    out = decoded(AudioDecoder(Encoding.PCM_S16LE, RATE, 2, RATE), encoded(planar), [7, 13])
    assert np.allclose(out, planar, atol=1e-4)


def test_left_over_bytes_are_reported() -> None:
    decoder = AudioDecoder(Encoding.PCM_S16LE, RATE, 2, RATE)
    assert decoder.feed(bytes(4 * 10 + 3)).shape == (2, 10)
    assert decoder.finish()[1] == 3


def test_samples_that_are_not_finite_become_silence_and_are_counted() -> None:
    decoder = AudioDecoder(Encoding.PCM_F32LE, RATE, 1, RATE)
    bad = np.array([np.nan, np.inf, -np.inf, 0.5, 7.0, -7.0], "<f4")
    assert decoder.feed(bad.tobytes())[0].tolist() == [0, 0, 0, 0.5, 1.0, -1.0]
    assert decoder.invalid_samples == 3


@given(st.binary(max_size=400), st.sampled_from(SAMPLES), st.integers(1, 8))
def test_any_bytes_decode_to_finite_samples_in_range(
    data: bytes, encoding: Encoding, channels: int
) -> None:
    out = decoded(AudioDecoder(encoding, 8000, channels, RATE), data, [1, 2, 3])
    assert np.all(np.isfinite(out))
    assert np.all(np.abs(out) <= 1)
