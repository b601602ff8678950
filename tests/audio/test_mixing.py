"""Channels become one, and none of them is lost in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sounds import voice

from streamer.audio.mixing import Mixer

RATE = 16_000


def mixed(samples: NDArray[np.float32], piece: int = 1 << 30) -> tuple[NDArray[np.float32], bool]:
    mixer = Mixer(RATE, samples.shape[1])
    pieces = [mixer.feed(samples[at : at + piece]) for at in range(0, len(samples), piece)]
    return np.concatenate([*pieces, mixer.finish()]), mixer.cancelled


def energy(samples: NDArray[np.float32]) -> float:
    return float(np.square(samples).mean())


def test_channels_that_agree_are_averaged() -> None:
    speech = voice(1.0)
    heard, cancelled = mixed(np.stack([speech, speech], axis=1))
    assert np.allclose(heard, speech)
    assert not cancelled


def test_a_speaker_on_each_channel_is_heard() -> None:
    one, other = voice(1.0), voice(1.0)[::-1].copy()
    heard, cancelled = mixed(np.stack([one, other], axis=1))
    assert np.allclose(heard, (one + other) / 2, atol=1e-6)
    assert not cancelled


@pytest.mark.parametrize("gain", [1.0, 0.8, 1.25])
def test_what_stands_upside_down_is_not_lost(gain: float) -> None:
    speech = voice(1.0)
    heard, cancelled = mixed(np.stack([speech, -gain * speech], axis=1).astype(np.float32))
    assert cancelled
    assert energy(heard) >= energy(speech) * 0.99


def test_one_speaker_among_many_silent_channels_is_not_made_quiet() -> None:
    samples = np.zeros((RATE, 8), np.float32)
    samples[:, 5] = voice(1.0)
    assert energy(mixed(samples)[0]) == pytest.approx(energy(samples[:, 5]), rel=0.05)


def test_words_that_turn_over_on_the_way_are_heard_on_both_sides() -> None:
    speech = voice(2.0)
    other = np.where(np.arange(len(speech)) < RATE, speech, -speech).astype(np.float32)
    heard, _ = mixed(np.stack([speech, other], axis=1))
    assert energy(heard[RATE + RATE // 2 :]) > 0.9 * energy(speech[RATE + RATE // 2 :])
    assert energy(heard[:RATE]) == pytest.approx(energy(speech[:RATE]))


def test_silence_is_no_cancellation() -> None:
    assert not mixed(np.zeros((RATE, 2), np.float32))[1]


@settings(deadline=None, max_examples=30)
@given(st.integers(20, 9999), st.integers(0, 2**32 - 1), st.booleans())
def test_the_split_of_the_samples_does_not_matter(piece: int, seed: int, turned: bool) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.1, (RATE, 2)).astype(np.float32)
    if turned:
        samples[:, 1] = -samples[:, 0]
    whole, split = mixed(samples), mixed(samples, piece)
    assert np.array_equal(whole[0], split[0])
    assert whole[1] == split[1] == turned
    assert len(whole[0]) == len(samples)
