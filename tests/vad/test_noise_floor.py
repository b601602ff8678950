"""WebRTC's detector with a second opinion: noise does not keep utterances open, nor open them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import Samples, room, silence, voice

from streamer.session.events import SpeechEnded, SpeechStarted
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.vad.base import DetectorOptions
from streamer.vad.noise_floor import LOOK_BACK_S, NoiseFloor
from streamer.vad.webrtc import FRAME_SAMPLES, WebrtcAboveNoise
from tests.sounds import pcm


def pink(seconds: float, level_db: float, seed: int = 1) -> Samples:
    """A fan: 3 dB less an octave."""
    count = round(seconds * 16_000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    samples = np.fft.irfft(spectrum, count)
    return (samples / samples.std() * 10 ** (level_db / 20)).astype(np.float32)


def hum(seconds: float, level_db: float) -> Samples:
    time = np.arange(round(seconds * 16_000)) / 16_000
    tones = [np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 3, 5, 7)]
    return (np.sum(tones, axis=0) * 10 ** (level_db / 20)).astype(np.float32)


def utterances(samples: Samples) -> list[tuple[float, float]]:
    session = Session("s", StreamSettings(language="en", vad="webrtc"), min_speech_ms=160)
    outputs = session.feed(pcm(samples)) + session.stop()
    begins = [one.at for one in outputs if isinstance(one, SpeechStarted)]
    ends = [one.at for one in outputs if isinstance(one, SpeechEnded)]
    return list(zip(begins, ends, strict=True))


@pytest.mark.parametrize("noise", [pink(30, -30), room(30, -30), hum(30, -25)], ids=str)
def test_noise_alone_opens_one_utterance_at_most_and_that_ends(noise: Samples) -> None:
    found = utterances(noise)
    assert len(found) <= 1
    assert all(end < LOOK_BACK_S + 1 for _, end in found)


@pytest.mark.parametrize("ratio", [10, 5])
@pytest.mark.parametrize("make", [pink, hum])
def test_speech_over_noise_ends_when_the_voice_does(make: object, ratio: int) -> None:
    spoken = voice(2.5)
    level = 10 * np.log10(np.mean(spoken**2)) - ratio
    samples = make(24, level).copy()  # pyright: ignore
    for start in (6, 14):
        samples[start * 16_000 : start * 16_000 + len(spoken)] += spoken
    found = [one for one in utterances(samples) if one[0] > 4.5]
    assert len(found) == 2
    for (begin, end), start in zip(found, (6, 14), strict=True):
        assert begin <= start
        assert start + 2.4 <= end <= start + 3.0


@settings(max_examples=20)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_pieces_change_nothing(sizes: list[int]) -> None:
    samples = np.concatenate([room(1.0), voice(1.0), silence(0.5), pink(2.0, -30)])
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    whole, pieced = NoiseFloor(FRAME_SAMPLES), NoiseFloor(FRAME_SAMPLES)
    found, at = list[bool](), 0
    while at < len(frames):
        size = sizes[at % len(sizes)]
        found += pieced.stands_out(frames[at : at + size])
        at += size
    assert found == whole.stands_out(frames)


def test_in_clean_audio_nothing_is_lost() -> None:
    samples = np.concatenate([silence(1.0), voice(6.0), silence(1.0)])
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    judged = WebrtcAboveNoise(DetectorOptions()).speech(frames)
    assert judged[:50].sum() == 0
    assert judged[52:350].mean() > 0.8
