"""Our features are the reference extractor's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.families.cohere.features import DITHER, dither_noise, filter_bank, log_mel

torch = pytest.importorskip("torch", reason="the reference extractor needs the extra [export]")
transformers = pytest.importorskip(
    "transformers", reason="the reference extractor needs the extra [export]"
)


def voiced(n: int) -> NDArray[np.float64]:
    """A buzz of 29 harmonics whose loudness and pitch move."""
    t = np.arange(n) / 16000
    phase = 2 * np.pi * np.cumsum(110 + 30 * np.sin(2 * np.pi * 1.3 * t)) / 16000
    buzz = sum(np.sin(k * phase) / k for k in range(1, 30))
    return 0.1 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))


def voiced_in_noise(n: int) -> NDArray[np.float64]:
    return voiced(n) + 1e-3 * np.random.default_rng(n).standard_normal(n)


def sixteen_bit(n: int) -> NDArray[np.float64]:
    return np.round(voiced_in_noise(n) * 32768) / 32768


def clipped(n: int) -> NDArray[np.float64]:
    return np.clip(20 * voiced(n), -1, 1)


def half_digital_silence(n: int) -> NDArray[np.float64]:
    return np.where(np.arange(n) < n // 2, voiced(n), 0.0)


def quiet_sixteen_bit(n: int) -> NDArray[np.float64]:
    """So quiet that rounding and dither are heard between the harmonics."""
    return np.round(0.03 * voiced(n) * 32768) / 32768


def white_noise(n: int) -> NDArray[np.float64]:
    return 0.1 * np.random.default_rng(n).standard_normal(n)


# Digital silence and the like are left out: where the power is below the logarithm's guard, the
# variance that everything is divided by is rounding noise, in the reference too.
KINDS = [
    voiced,
    voiced_in_noise,
    sixteen_bit,
    clipped,
    half_digital_silence,
    quiet_sixteen_bit,
    white_noise,
]


@pytest.mark.parametrize("n", [1600, 1759, 16000, 33333])
@pytest.mark.parametrize("kind", KINDS)
def test_features_equal_the_reference(kind: object, n: int) -> None:
    assert callable(kind)
    samples = np.asarray(kind(n), np.float32)
    extractor = transformers.CohereAsrFeatureExtractor()
    result = extractor(samples, sampling_rate=16000, return_tensors="np")
    ours = log_mel(samples)
    reference = result["input_features"][0].T
    assert ours.shape[1] == result["attention_mask"][0].sum()
    difference = np.abs(ours - reference[:, : ours.shape[1]])
    assert difference.max() < 2e-4
    assert difference.mean() < 1e-5


@pytest.mark.parametrize("n", [1600, 1601, 1615, 16000, 40007])
def test_the_dither_is_torchs_own(n: int) -> None:
    generator = torch.Generator().manual_seed(n)
    reference = torch.randn(n, generator=generator).numpy()
    assert np.abs(dither_noise(n) - reference).max() < 1e-6


def test_filter_bank_and_dither_strength_are_the_extractors() -> None:
    extractor = transformers.CohereAsrFeatureExtractor()
    assert np.abs(extractor.mel_filters.numpy() - filter_bank()).max() < 1e-8
    assert extractor.dither == DITHER
