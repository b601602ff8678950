"""Flux's thresholds as silences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.flux.thresholds import LIKELY, ThresholdError, Thresholds, Waits


@pytest.mark.parametrize(
    ("threshold", "waits"),
    [
        (0.5, (200, 1000)),
        (0.6, (350, 1000)),
        (0.7, (500, 1000)),
        (0.8, (600, 1500)),
        (0.85, (650, 2250)),
        (0.9, (700, 3000)),
        (0.95, (700, 3000)),
    ],
)
def test_a_threshold_is_how_long_silence_must_last(
    threshold: float, waits: tuple[int, int]
) -> None:
    assert Thresholds(eot=threshold).waits == Waits(*waits, LIKELY)


def test_with_1_only_the_timeout_ends_a_turn() -> None:
    never = Thresholds().changed({"eot_threshold": "1.0"})
    assert never.waits.unlikely_ms == 5000
    assert never.waits.likely == 1.0
    assert never.is_timeout(0.99)


@given(
    eot=st.floats(0.5, 1.0),
    timeout=st.integers(500, 60_000),
    probability=st.none() | st.floats(0, 0.999),
)
def test_the_timeout_caps_every_wait(eot: float, timeout: int, probability: float | None) -> None:
    thresholds = Thresholds(eot, None, timeout)
    waits = thresholds.waits
    assert waits.likely_ms <= waits.unlikely_ms <= timeout
    likely = probability is not None and probability >= waits.likely
    capped = (waits.likely_ms if likely else waits.unlikely_ms) == timeout
    assert thresholds.is_timeout(probability) == capped


@pytest.mark.parametrize(
    "asked",
    [
        {"eot_threshold": "0.49"},
        {"eot_threshold": 1.01},
        {"eot_threshold": "nan"},
        {"eot_threshold": [0.7]},
        {"eager_eot_threshold": "0.29"},
        {"eager_eot_threshold": 0.8},  # above the other
        {"eot_timeout_ms": 499},
        {"eot_timeout_ms": "60001"},
        {"confidence": 0.5},
    ],
)
def test_what_flux_refuses_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ThresholdError, match=f"{next(iter(asked))}: accepted is"):
        Thresholds().changed(asked)


def test_what_is_not_named_stays_and_null_takes_the_eager_one_away() -> None:
    first = Thresholds().changed({"eager_eot_threshold": 0.5, "eot_timeout_ms": "7000"})
    assert first.changed({"eot_threshold": 0.8}) == Thresholds(0.8, 0.5, 7000)
    assert first.changed({"eager_eot_threshold": None}).eager is None
