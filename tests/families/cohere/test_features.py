"""Features without the reference at hand: recorded numbers and what must hold for any clip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.families.cohere.features import MIN_SAMPLES, dither_noise, filter_bank, log_mel

# First and last four of torch.randn(n, generator=Generator().manual_seed(n)), torch 2.13 CPU.
RECORDED = {
    1_600: [0.460654, -0.331008, 0.63076, 0.707773, -0.434683, 0.196267, -1.034854, -1.459005],
    1_601: [0.020048, -0.921195, -0.312156, 0.824653, -0.124927, 1.089887, -0.786711, -0.738047],
    16_000: [0.663023, 1.336663, -1.313852, -0.634959, 0.565372, -0.837385, 1.612522, -0.209182],
}


@pytest.mark.parametrize("n", RECORDED)
def test_the_dither_of_a_length_is_torchs(n: int) -> None:
    noise = dither_noise(n)
    assert noise.shape == (n,)
    np.testing.assert_allclose([*noise[:4], *noise[-4:]], RECORDED[n], atol=1e-5)


def test_the_filters_are_triangles_of_unit_area_in_rising_order() -> None:
    bank = filter_bank()
    assert bank.shape == (128, 257)
    assert (bank >= 0).all()
    assert (np.diff(bank.argmax(axis=1)) >= 0).all()
    wide = (bank > 0).sum(axis=1) > 8  # narrow ones fall between the bins
    areas = bank[wide].sum(axis=1) * 8000 / 256
    np.testing.assert_allclose(areas, 1.0, atol=0.02)


@settings(deadline=None, max_examples=30)
@given(st.integers(MIN_SAMPLES, 20_000))
def test_every_160_samples_make_a_frame_and_each_row_is_normalised(n: int) -> None:
    samples = np.random.default_rng(n).uniform(-0.5, 0.5, n).astype(np.float32)
    mel = log_mel(samples)
    assert mel.shape == (128, n // 160)
    assert mel.dtype == np.float32
    np.testing.assert_allclose(mel.mean(axis=1), 0.0, atol=1e-4)
    np.testing.assert_allclose(mel.std(axis=1, ddof=1), 1.0, atol=1e-3)


def test_a_click_is_loudest_in_the_frame_that_is_centred_on_it() -> None:
    samples = np.zeros(16_000, np.float32)
    samples[160 * 40] = 0.5
    assert (log_mel(samples).argmax(axis=1) == 40).all()


def test_the_same_clip_gives_the_same_features_and_is_not_written_to() -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 5000).astype(np.float32)
    before = samples.copy()
    np.testing.assert_array_equal(log_mel(samples), log_mel(samples))
    np.testing.assert_array_equal(samples, before)


def test_digital_silence_gives_finite_features() -> None:
    assert np.isfinite(log_mel(np.zeros(MIN_SAMPLES, np.float32))).all()


@pytest.mark.parametrize("n", [0, 1, 320, MIN_SAMPLES - 1])
def test_a_clip_under_100_ms_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"{n} samples are too few"):
        log_mel(np.zeros(n, np.float32))
