"""What happens to clean speech before the model hears it."""

import numpy as np
import pytest

pytest.importorskip("soxr", reason="needs soxr")

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio import augment, nonspeech
from tests.models.training.audio.augment import Augmentation

EVERYTHING = Augmentation(speed=1, room=1, noise=1, telephone=1, tilt=1)


@pytest.fixture
def speech() -> np.ndarray:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    wave = np.sin(2 * np.pi * 200 * time) * np.sin(2 * np.pi * 3 * time) * 0.5
    return wave.astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_augmented_speech_is_finite_float32_within_full_scale(
    speech: np.ndarray, seed: int
) -> None:
    out = augment.augment(np.random.default_rng(seed), speech, EVERYTHING)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.0
    assert len(out) > 0.7 * len(speech)


def test_the_same_seed_augments_alike(speech: np.ndarray) -> None:
    first, second = (
        augment.augment(np.random.default_rng(5), speech, EVERYTHING) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_a_clip_that_breaks_off_gets_no_silence_behind_it(speech: np.ndarray) -> None:
    for seed in range(5):
        out = augment.augment(np.random.default_rng(seed), speech, Augmentation(), cut=True)
        np.testing.assert_allclose(np.corrcoef(out[-4000:], speech[-4000:])[0, 1], 1, atol=0.05)


def test_noise_is_added_at_the_ratio_asked_for(speech: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    added = augment.noisy(rng, speech, 10.0) - speech
    ratio = 10 * np.log10(np.mean(speech**2) / np.mean(added**2))
    assert ratio == pytest.approx(10, abs=0.5)


def test_the_telephone_leaves_nothing_above_four_kilohertz() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1
    spectrum = np.abs(np.fft.rfft(augment.narrow_band(noise, companded=False)))
    assert spectrum[4200:].mean() < 0.02 * spectrum[500:3500].mean()


def test_mu_law_errs_by_a_few_percent_at_any_level() -> None:
    for level in (0.9, 0.1, 0.01):
        samples = np.linspace(-level, level, 1001, dtype=np.float32)
        assert np.abs(augment.mu_law(samples) - samples).max() < 0.05 * level + 0.001


@pytest.mark.parametrize("seed", range(12))
def test_non_speech_has_the_length_asked_for_and_is_finite(seed: int) -> None:
    rng = np.random.default_rng(seed)
    out = nonspeech.draw(rng, 5000, [np.ones(800, np.float32), np.zeros(0, np.float32)])
    assert out.shape == (5000,)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 1.0
