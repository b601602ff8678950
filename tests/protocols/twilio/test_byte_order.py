"""The order of a sample's bytes, told from the sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import pcm, voice

from streamer.protocols.twilio.byte_order import ByteOrder


def chunks(audio: bytes, size: int) -> list[bytes]:
    return [audio[at : at + size] for at in range(0, len(audio), size)]


@pytest.mark.parametrize("order", ["<i2", ">i2"])
@pytest.mark.parametrize("loud", [1.0, 0.01, 0.0005])
@given(silent=st.integers(0, 5), size=st.integers(20, 200).map(lambda half: 2 * half))
def test_speech_comes_out_in_our_order(order: str, loud: float, silent: int, size: int) -> None:
    samples = np.frombuffer(bytes(320 * silent) + pcm(voice(0.5) * np.float32(loud)), "<i2")
    told = ByteOrder()
    audio = [told.little(one) for one in chunks(samples.astype(order).tobytes(), size)]
    assert np.array_equal(np.frombuffer(b"".join(audio), "<i2")[320:], samples[320:])


def test_what_comes_later_does_not_change_what_is_sure() -> None:
    noise = np.random.default_rng(1).integers(-32768, 32768, 8000).astype("<i2")
    told = ByteOrder()
    told.little(pcm(voice(0.5)))
    assert told.little(noise.tobytes()) == noise.tobytes()


@given(st.lists(st.binary(max_size=40)))
def test_anything_keeps_its_whole_samples(pieces: list[bytes]) -> None:
    told = ByteOrder()
    for piece in pieces:
        assert len(told.little(piece)) == len(piece) // 2 * 2
