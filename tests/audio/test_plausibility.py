"""Bytes that are surely no such samples are told, and sound never is."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from phone import mulaw
from recorded import LIVE, recorded
from sounds import room, voice

from streamer.audio.encodings import Encoding
from streamer.audio.plausibility import Examiner
from streamer.cli.demo import sample_path

Samples = NDArray[np.float32]

SPEECH: Samples = np.asarray(soundfile.read(sample_path(), dtype="float32")[0], np.float32)


def told(data: bytes, encoding: Encoding, channels: int = 1, piece: int = 3200) -> str | None:
    examiner = Examiner(encoding, channels)
    for at in range(0, len(data), piece):
        if (found := examiner.feed(data[at : at + piece])) is not None:
            assert examiner.over
            return found
    return None


def s16(samples: Samples) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def f32(samples: Samples) -> bytes:
    return samples.astype("<f4").tobytes()


def law(samples: Samples) -> bytes:
    return mulaw(samples).tobytes()


WRITTEN = {Encoding.PCM_S16LE: s16, Encoding.PCM_F32LE: f32, Encoding.MULAW: law}


@pytest.mark.parametrize("encoding", WRITTEN)
@pytest.mark.parametrize("level_db", [0, -20, -40, -60])
def test_speech_is_never_told(encoding: Encoding, level_db: float) -> None:
    quiet = SPEECH * np.float32(10 ** (level_db / 20))
    assert told(WRITTEN[encoding](quiet), encoding) is None


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(list(WRITTEN)),
    st.integers(-80, 0),
    st.floats(20, 7990),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_tones_noise_and_silence_are_never_told(
    encoding: Encoding, level_db: int, hertz: float, noise: float, seed: int
) -> None:
    time = np.arange(40_000) / 16_000
    tone = np.sin(2 * np.pi * hertz * time) * (1 - noise)
    hiss = np.random.default_rng(seed).standard_normal(40_000) * noise / 4
    loud = np.clip(tone + hiss, -1, 1) * 10 ** (level_db / 20)
    assert told(WRITTEN[encoding](loud.astype(np.float32)), encoding) is None


@pytest.mark.parametrize("channels", [1, 2])
def test_two_speakers_on_two_channels_are_never_told(channels: int) -> None:
    both = np.stack([SPEECH[:160_000], np.roll(SPEECH, 50_000)[:160_000]], axis=1).ravel()
    said = told(s16(both), Encoding.PCM_S16LE, channels)
    assert said is None or channels == 1


MISTAKES = {
    "32-bit floats": f32(SPEECH),
    "64-bit floats": SPEECH.astype("<f8").tobytes(),
    "bytes are swapped": (SPEECH * 32767).astype(">i2").tobytes(),
    "shifted by one": b"\x00" + s16(SPEECH),
    "32-bit integers": (SPEECH.astype("f8") * 2147483647).astype("<i4").tobytes(),
    "phone audio": law(SPEECH),
    "text": b"UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQ" * 9,
    "JSON": b'{"audio": "' + b"UklGRiQAAABXQVZFZm10IBAAAAAB" * 20 + b'"}',
}


@pytest.mark.parametrize("looks_like", MISTAKES)
def test_what_is_no_16_bit_audio_is_told_with_what_it_looks_like(looks_like: str) -> None:
    said = told(MISTAKES[looks_like], Encoding.PCM_S16LE)
    assert said is not None
    assert looks_like in said
    assert "pcm_s16le" in said


@pytest.mark.parametrize("encoding", [Encoding.PCM_F32LE, Encoding.MULAW, Encoding.ALAW])
def test_16_bit_audio_that_is_said_to_be_something_else_is_told(encoding: Encoding) -> None:
    said = told(s16(SPEECH), encoding)
    assert said is not None
    assert "16-bit integers: set encoding=pcm_s16le" in said


@pytest.mark.parametrize("kind", LIVE)
@pytest.mark.parametrize("encoding", WRITTEN)
def test_a_container_is_told_by_its_first_bytes(kind: str, encoding: Encoding) -> None:
    said = told(recorded(kind, voice(0.5))[:4096], encoding)
    assert said is not None
    assert "set encoding=container" in said


def test_floats_are_told_within_half_a_second() -> None:
    loud = SPEECH[np.argmax(np.abs(SPEECH) > 0.1) :]
    assert told(f32(loud[:8000]), Encoding.PCM_S16LE) is not None


def test_a_float_wav_file_header_and_all_is_told() -> None:
    soundfile.write(file := io.BytesIO(), SPEECH, 16_000, format="WAV", subtype="FLOAT")
    said = told(file.getvalue(), Encoding.PCM_S16LE)
    assert said is not None
    assert "WAV" in said


def test_a_still_room_says_nothing_and_speech_after_it_does() -> None:
    waiting = np.concatenate([room(3.0), SPEECH])
    assert told(s16(waiting), Encoding.PCM_S16LE) is None
    assert told(f32(waiting), Encoding.PCM_S16LE) is not None


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 9000))
def test_the_split_of_the_bytes_does_not_matter(piece: int) -> None:
    for data in (f32(SPEECH[:60_000]), s16(SPEECH[:60_000]), b"OggS" + bytes(9000)):
        assert told(data, Encoding.PCM_S16LE, piece=piece) == told(data, Encoding.PCM_S16LE)
