"""One timer tells all streams that time passes, and none of it is the event loop's own."""

from __future__ import annotations

import pytest
from server.stand_ins import Clock

from streamer.server.connection.ticker import TICK_S, Ticker


def test_everybody_who_waits_is_told_by_one_timer() -> None:
    clock = Clock()
    ticker, told = Ticker(clock), list[tuple[str, float]]()
    for name in ("a", "b"):
        ticker.add(name, lambda now, name=name: told.append((name, round(now, 6))))
    clock.pass_time(0.25)
    assert told == [("a", 0.1), ("b", 0.1), ("a", 0.2), ("b", 0.2)]
    assert len(clock.timers) == 1


def test_while_nobody_waits_there_is_no_timer() -> None:
    clock = Clock()
    ticker = Ticker(clock)
    clock.pass_time(10)
    ticker.add("a", lambda now: ticker.remove("a"))
    clock.pass_time(10)
    assert clock.timers == []
    assert clock.made == 1


def test_who_was_never_added_can_be_removed() -> None:
    Ticker(Clock()).remove("a")


def test_time_in_which_the_event_loop_stood_still_has_not_passed() -> None:
    clock = Clock()
    ticker, told = Ticker(clock), list[float]()
    ticker.add("a", told.append)
    clock.call_at(0.35, clock.pass_nothing_but_time, 5.0)
    clock.pass_time(5.5)
    assert told == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=TICK_S / 1000)
    assert ticker.now() <= told[-1] + TICK_S
