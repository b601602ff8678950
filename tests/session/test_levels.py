"""Warnings of speech too quiet to be heard, and of microphones that cut it off."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import Samples, pcm, voice

from streamer.audio.encodings import Encoding, decode
from streamer.cli.demo import sample_path
from streamer.session.events import Warned, WarningCode
from streamer.session.session import Session
from streamer.session.settings import StreamSettings

LEVELS = (WarningCode.QUIET_AUDIO, WarningCode.CLIPPED_AUDIO)


def encoded(samples: Samples, encoding: Encoding) -> bytes:
    """Write samples as a client would; companded ones as the nearest code."""
    if encoding is Encoding.PCM_S16LE:
        return pcm(samples)
    if encoding is Encoding.PCM_F32LE:
        return samples.tobytes()
    codes = decode(encoding, bytes(range(256)))
    order = np.argsort(codes)
    middles = (codes[order][1:] + codes[order][:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8).tobytes()


def warned(samples: Samples, encoding: Encoding = Encoding.PCM_S16LE, **asked: object) -> list[str]:
    chosen = StreamSettings.model_validate({"language": "en", "encoding": encoding, **asked})
    session = Session("s", chosen, min_speech_ms=160)
    outputs = session.feed(encoded(samples, encoding)) + session.stop()
    return [str(one.code) for one in outputs if isinstance(one, Warned) and one.code in LEVELS]


def sample(seconds: float) -> Samples:
    samples, _ = soundfile.read(sample_path(), dtype="float32", stop=round(seconds * 16_000))
    return samples.astype(np.float32)


@pytest.mark.parametrize("encoding", list(Encoding)[:4])
@pytest.mark.parametrize("decibels", [0, -10, -20])
def test_a_real_recording_is_neither_in_any_encoding_nor_20_db_softer(
    encoding: Encoding, decibels: int
) -> None:
    assert warned(sample(14.0) * np.float32(10 ** (decibels / 20)), encoding) == []


def test_speech_that_is_hardly_there_is_told_once() -> None:
    """The detector's word is taken for what is speech."""
    chosen = StreamSettings(language="en", encoding=Encoding.PCM_F32LE, vad="silero")
    session, told = Session("s", chosen, min_speech_ms=160), list[object]()
    frames = (voice(2.0) * 0.002)[: 62 * 512]
    for probability in (0.1, 0.9, 0.9, 0.9, 0.9):
        session.feed(frames.tobytes())
        told += session.detected([[probability] * 62])
    assert [one.code for one in told if isinstance(one, Warned)] == [WarningCode.QUIET_AUDIO]


def test_speech_cut_off_at_full_scale_is_told_once() -> None:
    clipped = np.clip(sample(14.0) * 40, -1, 1)
    assert warned(clipped) == ["clipped_audio"]
    assert warned(clipped, vad="off") == [], "nobody knows what of it is speech"


@settings(max_examples=25)
@given(st.floats(0.02, 0.95))
def test_what_only_touches_full_scale_is_not_clipped(peak: float) -> None:
    samples = sample(8.0)
    assert warned(samples * np.float32(peak / np.abs(samples).max())) == []


def test_a_shout_in_long_speech_is_nobodys_trouble() -> None:
    samples = sample(12.0)
    shout = slice(32_000, 34_000)
    samples[shout] = np.clip(samples[shout] * 60, -1, 1)
    assert warned(samples) == []
