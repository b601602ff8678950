"""Audio files: what is in them, and no more, whatever they claim."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sounds import voice

from streamer.audio.files import BLOCK_SAMPLES, AudioFile, AudioFileError

RATE = 16_000


def written(
    kind: str, samples: NDArray[np.float32], rate: int = RATE, subtype: str | None = None
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def heard(data: bytes) -> NDArray[np.float32]:
    blocks = list(AudioFile(io.BytesIO(data), RATE, "it").blocks(1.0))
    return np.concatenate(blocks)


@pytest.mark.parametrize("kind", ["WAV", "OGG", "MP3", "AIFF", "AU"])
def test_a_file_that_is_broken_off_ends_where_it_is(kind: str) -> None:
    samples = np.concatenate([voice(1.0), np.zeros(9 * RATE, np.float32)])
    whole = written(kind, samples)
    half = heard(whole[: len(whole) // 2])
    assert len(half) < 7 * RATE
    assert np.abs(half[2 * RATE :]).max(initial=0) < 0.1, "the voice is not heard again"


def test_a_length_that_is_claimed_is_not_believed() -> None:
    mp3 = bytearray(written("MP3", voice(0.5)))
    at = max(mp3.find(b"Xing"), mp3.find(b"Info")) + 8  # the number of frames
    mp3[at : at + 4] = b"\x00\xff\xff\xff"
    file = AudioFile(io.BytesIO(mp3), RATE, "it")
    assert file.seconds > 1e5
    assert sum(map(len, file.blocks(1.0))) < RATE


def test_a_flac_file_that_is_broken_off_is_told() -> None:
    flac = written("FLAC", voice(2.0))
    with pytest.raises(AudioFileError, match="it: broken off"):
        heard(flac[: len(flac) // 2])


def test_samples_that_are_no_numbers_do_no_harm() -> None:
    wild = np.array([[np.inf, -np.inf], [np.nan, 1], [3e38, 3e38]] * 1000, np.float32)
    assert len(heard(written("WAV", wild, subtype="FLOAT"))) == 3000


def test_many_channels_at_a_high_rate_come_in_small_pieces() -> None:
    samples = np.zeros((200_000, 64), np.float32)
    file = AudioFile(io.BytesIO(written("WAV", samples, 400_000, "PCM_U8")), RATE, "it")
    assert max(map(len, file.blocks(1.0))) <= BLOCK_SAMPLES / 64


def test_a_file_is_as_long_as_its_samples_are_at_its_rate() -> None:
    data = written("WAV", np.zeros(2 * 44_100, np.float32), 44_100)
    assert AudioFile(io.BytesIO(data), RATE, "it").seconds == 2.0


def test_no_rate_above_768_kilohertz_is_taken() -> None:
    samples = np.zeros(1000, np.float32)
    assert AudioFile(io.BytesIO(written("WAV", samples, 768_000)), RATE, "it").seconds > 0
    with pytest.raises(AudioFileError, match="768001 Hz"):
        AudioFile(io.BytesIO(written("WAV", samples, 768_001)), RATE, "it")
