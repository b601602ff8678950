"""Features of growing utterances: the same as made anew with the same noise, at bounded memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.families.cohere.features import (
    MIN_SAMPLES,
    dither_noise,
    log_mel,
    log_rows,
    normalised,
)
from streamer.families.cohere.incremental import KEPT_S, NOISE_SAMPLES, IncrementalFeatures


def sound(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(-0.5, 0.5, n).astype(np.float32)


def anew(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return normalised(log_rows(samples, np.resize(dither_noise(NOISE_SAMPLES), len(samples))))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 9000), min_size=1, max_size=8))
def test_features_are_those_of_all_samples_made_anew_however_the_utterance_grew(
    steps: list[int],
) -> None:
    features = IncrementalFeatures()
    samples = sound(MIN_SAMPLES + sum(steps))
    n = MIN_SAMPLES
    for step in steps:
        n += step
        grown = features.log_mel("a", samples[:n])
        np.testing.assert_allclose(grown, anew(samples[:n]), atol=2e-5)


def test_features_are_the_references_but_for_its_noise() -> None:
    features = IncrementalFeatures()
    samples = sound(20_000)
    for n in (5000, 9000, 20_000):
        grown = features.log_mel("a", samples[:n])
    assert grown.shape == log_mel(samples).shape
    assert np.abs(grown - log_mel(samples)).mean() < 1e-3


def test_names_do_not_mix_and_a_shorter_clip_is_no_error() -> None:
    features = IncrementalFeatures()
    one, other = sound(16_000), sound(16_000)[::-1].copy()
    for n in (4000, 16_000, 8000):
        for name, samples in (("one", one), ("other", other)):
            grown = features.log_mel(name, samples[:n])
            np.testing.assert_allclose(grown, anew(samples[:n]), atol=2e-5)


def test_memory_is_bounded_and_the_longest_unheard_go_first() -> None:
    second = 128 * 4 * 100
    features = IncrementalFeatures(limit_bytes=3 * second)
    for number in range(10):
        features.log_mel(str(number), sound(16_000))
        features.log_mel("talks on", sound(8_000 + 800 * number))
        assert features.bytes <= 3 * second
    before = features.bytes
    features.log_mel("talks on", sound(16_000))
    assert features.bytes < before + second  # its earlier rows were still there


def test_an_utterance_that_has_long_not_grown_costs_no_memory() -> None:
    now = 0.0
    features = IncrementalFeatures(clock=lambda: now)
    for number in range(50):
        features.log_mel(str(number), sound(16_000))
        now += 1.0
    assert features.bytes <= (KEPT_S + 1) * 100 * 128 * 4
