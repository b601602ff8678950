"""Audio files: what is in them, and no more, whatever they claim."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sounds import voice

from streamer.audio.files import BLOCK_SAMPLES, AudioFile
from streamer.audio.metered import MeteredReader, ReadTooMuchError
from streamer.audio.problems import AudioFileError

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


@pytest.mark.parametrize("kind", ["WAV", "OGG", "FLAC", "MP3", "AIFF"])
def test_a_file_that_is_broken_off_is_read_as_far_as_it_goes_and_that_is_told(kind: str) -> None:
    samples = np.concatenate([voice(2.0), np.zeros(4 * RATE, np.float32), voice(4.0)])
    whole = written(kind, samples)
    file = AudioFile(io.BytesIO(whole[: len(whole) // 2]), RATE, "it")
    half = np.concatenate(list(file.blocks(1.0)))
    assert RATE < len(half) < 8 * RATE
    assert np.abs(half[: 2 * RATE]).max() > 0.1
    assert np.abs(half[2 * RATE + 2000 : 5 * RATE]).max(initial=0) < 0.1, "not heard again"
    assert [warning for warning in file.warnings if warning.startswith("broken off after")]


@pytest.mark.parametrize("kind", ["WAV", "OGG", "FLAC", "MP3", "AIFF", "AU"])
def test_of_a_whole_file_there_is_nothing_to_tell(kind: str) -> None:
    file = AudioFile(io.BytesIO(written(kind, voice(3.0))), RATE, "it")
    assert sum(map(len, file.blocks(1.0))) == pytest.approx(3 * RATE, abs=RATE // 10)
    assert file.warnings == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it: it is empty"),
        (b"%PDF-1.7 and so on", "a PDF file"),
        (b'{"text": "hello"}', "JSON"),
        (b"Good morning, my name is Brian.", "it is text"),
        (b"\x00\x00\x00\x18ftypM4A " + bytes(2000), "index .* missing"),
        (np.random.default_rng(1).bytes(20_000), "ffmpeg -i"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(AudioFileError, match=words):
        AudioFile(io.BytesIO(data), RATE, "it")


def test_channels_that_cancel_each_other_are_not_mixed_and_that_is_told() -> None:
    speech = voice(2.0)
    file = AudioFile(io.BytesIO(written("WAV", np.stack([speech, -speech], 1))), RATE, "it")
    assert np.abs(np.concatenate(list(file.blocks(1.0)))).max() == pytest.approx(
        np.abs(speech).max(), abs=0.01
    )
    assert len(file.warnings) == 1
    assert "nearly silent" in file.warnings[0]


def test_an_open_file_stays_open_and_a_path_does_not(tmp_path: Path) -> None:
    data = io.BytesIO(written("WAV", voice(1.0)))
    list(AudioFile(data, RATE, "it").blocks(1.0))
    assert not data.closed
    (tmp_path / "a.wav").write_bytes(data.getvalue())
    list(AudioFile(tmp_path / "a.wav", RATE).blocks(1.0))  # an open file would be a warning here


def test_folders_and_missing_files_are_called_so(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="is a folder"):
        AudioFile(tmp_path, RATE)
    with pytest.raises(AudioFileError, match="no such file"):
        AudioFile(tmp_path / "none.wav", RATE)


def test_a_demuxer_that_reads_on_and_on_is_stopped() -> None:
    now = iter([0.0, 59.0, 61.0])
    slow = MeteredReader(io.BytesIO(bytes(1000)), lambda: next(now))
    assert slow.read(10)
    with pytest.raises(ReadTooMuchError, match="60 s"):
        slow.read(10)
    circling = MeteredReader(io.BytesIO(bytes(1000)), lambda: 0.0)
    with pytest.raises(ReadTooMuchError, match="circles"):
        _read_for_ever(circling)


def _read_for_ever(reader: MeteredReader) -> None:
    for _ in range(100_000):
        reader.seek(0)
        reader.read(1000)


def test_a_length_that_is_claimed_is_not_believed() -> None:
    mp3 = bytearray(written("MP3", voice(0.5)))
    at = max(mp3.find(b"Xing"), mp3.find(b"Info")) + 8  # the number of frames
    mp3[at : at + 4] = b"\x00\xff\xff\xff"
    file = AudioFile(io.BytesIO(mp3), RATE, "it")
    assert file.seconds > 1e5
    assert sum(map(len, file.blocks(1.0))) < RATE


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
