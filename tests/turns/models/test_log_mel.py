"""The front end of a turn model: equal to the published extractor, and to its own rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sounds import silence, voice

from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.models.log_mel import frames_of, whisper_log_mel

SECONDS, BANDS = 8, 80

TOLERANCE = 4e-5
"""Of float32 against the published float64: half a thousandth of the features' usual range."""


def features(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return whisper_log_mel(samples, SECONDS, BANDS)


def noise(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(int(seconds * SAMPLE_RATE))).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.4, 3.0, 8.0, 11.0])
def test_it_is_the_published_extractor(seconds: float) -> None:
    transformers = pytest.importorskip("transformers")
    extractor = transformers.WhisperFeatureExtractor(chunk_length=SECONDS)
    samples = np.concatenate([voice(seconds - 0.2), noise(0.2)])
    window = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    last = samples[-len(window) :]
    window[len(window) - len(last) :] = last
    published = extractor(window, sampling_rate=SAMPLE_RATE, return_tensors="np", do_normalize=True)
    assert np.abs(features(samples) - published.input_features[0]).max() < TOLERANCE


@settings(max_examples=20)
@given(length=st.integers(0, 12 * SAMPLE_RATE), level=st.floats(0.25, 1.0))
def test_of_any_length_it_makes_a_window_and_loudness_does_not_matter(
    length: int, level: float
) -> None:
    samples = noise(12.0)[:length]
    made = features(samples)
    assert made.shape == (BANDS, frames_of(SECONDS))
    assert np.isfinite(made).all()
    if length > SAMPLE_RATE:
        assert np.abs(made - features(samples * np.float32(level))).max() < 0.01


def test_only_the_last_seconds_are_heard_and_the_end_stands_at_the_end() -> None:
    last = noise(8.0, seed=1)
    assert np.array_equal(features(np.concatenate([noise(5.0), last])), features(last))
    short = features(np.concatenate([voice(1.0), silence(0.1)]))
    loud = short.mean(axis=0)
    assert loud[-105:-15].min() > loud[:-120].max(), "zeros stand in front"
