"""How much a live stream lacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.pipeline.stream_clock import StreamClock

PIECE_S = 0.1


def live(seconds: float) -> StreamClock:
    """A stream in real time, up to the second `seconds`."""
    clock = StreamClock()
    for piece in range(round(seconds / PIECE_S)):
        clock.came(piece * PIECE_S, PIECE_S)
    return clock


def test_a_live_stream_lacks_what_has_not_come_since() -> None:
    clock = live(3.0)
    assert clock.missing(3.0) == pytest.approx(0.0)
    assert clock.missing(4.5) == pytest.approx(1.5)


def test_a_stream_that_has_not_begun_lacks_nothing() -> None:
    assert StreamClock().missing(100.0) == 0


def test_a_file_lacks_nothing_until_it_has_been_overtaken() -> None:
    clock = StreamClock()
    clock.came(5.0, 60.0)
    assert clock.missing(64.9) < 0
    assert clock.missing(66.0) == pytest.approx(1.0)


def test_after_a_stop_the_count_starts_anew_where_audio_comes_again() -> None:
    clock = live(3.0)
    clock.came(20.0, PIECE_S)
    assert clock.missing(20.5) == pytest.approx(0.5)


@given(st.lists(st.floats(0, 2.0), max_size=20))
def test_a_burst_that_catches_up_makes_no_file_of_a_live_stream(stalls: list[float]) -> None:
    clock, now, sent = live(1.0), 1.0, 1.0
    for stall in stalls:
        now += stall + PIECE_S
        clock.came(now, now - sent)
        sent = now
    assert clock.missing(now + 0.7) == pytest.approx(0.7)


def test_a_time_that_stands_still_is_not_missed() -> None:
    clock = live(3.0)
    clock.stood_still(33.0)
    assert clock.missing(33.5) == pytest.approx(0.5)


def test_what_is_ahead_stays_ahead_when_time_stands_still() -> None:
    clock = StreamClock()
    clock.came(0.0, 60.0)
    clock.stood_still(10.0)
    assert clock.missing(20.0) == pytest.approx(-40.0)
