"""A wait may last so long and no longer, however many came before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from server.stand_ins import Clock

from streamer.server.connection.idle_timeout import IdleTimeout


def patience(clock: Clock) -> tuple[IdleTimeout, list[float]]:
    """Ten seconds of it; and when it was lost."""
    lost: list[float] = []
    return IdleTimeout(10, lambda: lost.append(clock.now), clock), lost


def test_a_wait_that_lasts_too_long_is_told_once() -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    clock.pass_time(3)
    waiting.start()
    clock.pass_time(100)
    assert lost == [13]


def test_what_comes_at_the_end_of_a_wait_leaves_nothing_to_be_told() -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    waiting.start()
    clock.pass_time(9.9)
    waiting.stop()
    clock.pass_time(100)
    assert (lost, clock.timers) == ([], [])


def test_a_thousand_short_waits_cost_a_few_timers() -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    for _ in range(1000):
        waiting.start()
        clock.pass_time(0.02)
        waiting.stop()
    assert lost == []
    assert clock.made <= 3


def test_nobody_is_told_once_the_waiting_is_over() -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    with waiting:
        waiting.start()
    clock.pass_time(100)
    assert lost == []


def test_a_wait_that_was_slept_through_begins_anew() -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    waiting.start()
    clock.pass_time(5)
    clock.sleep_through(3600)
    clock.pass_time(9.9)
    assert lost == []
    clock.pass_time(0.2)
    assert lost == [3615]


@given(st.lists(st.tuples(st.floats(0, 25), st.floats(0, 25))))
def test_it_is_lost_in_the_waits_that_last_too_long_and_exactly_then(
    waits: list[tuple[float, float]],
) -> None:
    clock = Clock()
    waiting, lost = patience(clock)
    due: list[float] = []
    for busy, waited in waits:
        clock.pass_time(busy)
        waiting.start()
        if waited >= 10:
            due.append(clock.now + 10)
        clock.pass_time(waited)
        waiting.stop()
    clock.pass_time(100)
    assert lost == due
