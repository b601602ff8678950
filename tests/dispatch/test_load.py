"""How the scheduler knows what finals cost."""

from __future__ import annotations

import pytest

from streamer.dispatch.load import WINDOW_S, LoadMeter


def busy_for_ten_seconds(busy: float, urgent: float, patient: float) -> LoadMeter:
    """A meter after a hundred steps, one each tenth of a second."""
    meter = LoadMeter()
    for step in range(100):
        meter.began(step / 10, urgent, urgent=True)
        meter.began(step / 10, patient, urgent=False)
        meter.used(step / 10, 0.1 * busy)
    return meter


def test_an_idle_engine_has_no_load() -> None:
    assert LoadMeter().load(0.0, 10) == 0.0


def test_an_engine_that_is_always_busy_with_finals_is_full() -> None:
    assert busy_for_ten_seconds(1.0, 1.0, 0.0).load(9.9, 10) == pytest.approx(1.0, abs=0.06)


def test_partials_are_no_load() -> None:
    assert busy_for_ten_seconds(1.0, 0.0, 1.0).load(9.9, 10) == 0.0


def test_partials_beside_finals_count_as_room_for_finals() -> None:
    assert busy_for_ten_seconds(1.0, 1.0, 3.0).load(9.9, 10) == pytest.approx(0.25, abs=0.02)


def test_an_engine_that_is_busy_half_the_time_is_half_full() -> None:
    assert busy_for_ten_seconds(0.5, 1.0, 0.0).load(9.9, 10) == pytest.approx(0.5, abs=0.03)


def test_what_was_long_ago_is_forgotten() -> None:
    meter = busy_for_ten_seconds(1.0, 1.0, 0.0)
    assert meter.load(9.9 + WINDOW_S / 2, 10) == pytest.approx(0.5, abs=0.06)
    assert meter.load(10.0 + 2 * WINDOW_S, 10) == 0.0


def test_files_sent_one_after_the_other_are_no_load_however_busy_they_keep_the_engine() -> None:
    meter = busy_for_ten_seconds(1.0, 20.0, 0.0)  # 200 seconds of audio a second
    assert meter.load(9.9, 0) == 0.0
    assert meter.load(9.9, 8) < 0.15


def test_a_step_longer_than_the_window_makes_the_engine_full_and_no_fuller() -> None:
    meter = LoadMeter()
    meter.began(0.0, 4.0, urgent=True)
    meter.used(0.0, 8.0)
    assert meter.load(0.0, 4) == 1.0
