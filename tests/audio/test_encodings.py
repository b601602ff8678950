"""What each byte means: ITU-T G.711, and little-endian PCM."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.audio.encodings import Encoding, decode


def test_full_scale_pcm_is_one() -> None:
    samples = decode(Encoding.PCM_S16LE, b"\x00\x80\xff\x7f\x00\x00")
    assert samples.tolist() == [-1.0, 32767 / 32768, 0.0]


def test_floats_pass_through() -> None:
    samples = np.array([0.5, -0.25], "<f4")
    assert decode(Encoding.PCM_F32LE, samples.tobytes()).tolist() == [0.5, -0.25]


@pytest.mark.parametrize(
    ("code", "linear"),
    [(0x00, -32124), (0x80, 32124), (0x7F, 0), (0xFF, 0), (0xF0, 120), (0x70, -120), (0x8F, 16764)],
)
def test_mulaw_codes_decode_as_in_g711(code: int, linear: int) -> None:
    assert decode(Encoding.MULAW, bytes([code]))[0] * 32768 == linear


@pytest.mark.parametrize(
    ("code", "linear"),
    [(0x55, -8), (0xD5, 8), (0x2A, -32256), (0xAA, 32256), (0xD4, 24), (0x80, 5504)],
)
def test_alaw_codes_decode_as_in_g711(code: int, linear: int) -> None:
    assert decode(Encoding.ALAW, bytes([code]))[0] * 32768 == linear


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_companded_codes_cover_both_signs_evenly(encoding: Encoding) -> None:
    table = decode(encoding, bytes(range(256)))
    assert np.array_equal(np.sort(table), np.sort(-table))
