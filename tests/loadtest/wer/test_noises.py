"""Noise lies under speech at the ratio that was asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("jiwer", reason="needs the extra loadtest")

from loadtest.run.wer.noises import babble, mixed, pink, power, white

RNG = np.random.default_rng(1)
SPEECH = np.float32(0.05) * white(RNG, 16_000)


def ratio_db(signal: float, noise: float) -> float:
    return 10 * math.log10(signal / noise)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_the_ratio_is_what_was_asked_for(snr_db: float) -> None:
    both = mixed(SPEECH, 7 * white(RNG, 16_000), snr_db)
    assert ratio_db(power(SPEECH), power(both - SPEECH)) == pytest.approx(snr_db, abs=0.01)


def test_silence_around_speech_is_no_part_of_the_signal() -> None:
    padded = np.pad(SPEECH, 8000)
    both = mixed(padded, white(RNG, len(padded)), 10.0, margin=8000)
    assert ratio_db(power(SPEECH), power(both[:8000])) == pytest.approx(10, abs=0.2)


def test_what_is_too_loud_is_made_softer_as_a_whole() -> None:
    loud = 20 * SPEECH
    both = mixed(loud, white(RNG, 16_000), 10.0)
    assert np.abs(both).max() == pytest.approx(1)
    scale = float(both @ loud) / float(loud @ loud)
    assert ratio_db(power(scale * loud), power(both - scale * loud)) == pytest.approx(10, abs=0.3)


def test_silence_stays_silence() -> None:
    assert not mixed(np.zeros(100, np.float32), white(RNG, 100), 10.0).any()


def test_pink_noise_has_as_much_in_every_octave() -> None:
    spectrum = np.abs(np.fft.rfft(pink(RNG, 1 << 16))) ** 2
    octaves = [float(spectrum[1 << n : 2 << n].sum()) for n in range(8, 15)]
    assert max(octaves) < 1.3 * min(octaves)


def test_babble_is_six_voices_equally_loud() -> None:
    voices = [np.float32(gain) * white(RNG, 4000) for gain in (0.1, 1, 5, 0.01, 3, 0.5, 2, 1)]
    noise = babble(np.random.default_rng(2), voices, 16_000)
    assert noise.shape == (16_000,)
    assert power(noise) == pytest.approx(6, rel=0.2)
