"""Timers count the time in which the process was awake."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.stand_ins import Clock

from streamer.runtime.timers import LATE_S, AwakeTimer, awake_timeout


def timer(clock: Clock) -> tuple[AwakeTimer, list[float]]:
    """One of ten seconds; and when it called."""
    called: list[float] = []
    return AwakeTimer(10, lambda: called.append(clock.now), clock), called


def test_it_calls_once_when_it_is_due() -> None:
    clock = Clock()
    _, called = timer(clock)
    clock.pass_time(100)
    assert called == [10]


def test_one_that_is_cancelled_calls_nobody() -> None:
    clock = Clock()
    waiting, called = timer(clock)
    clock.pass_time(9)
    waiting.cancel()
    clock.pass_time(100)
    assert called == []


@given(st.floats(min_value=0, max_value=9.9), st.floats(min_value=12, max_value=1e6))
def test_one_that_was_slept_through_waits_again(before: float, asleep: float) -> None:
    clock = Clock()
    _, called = timer(clock)
    clock.pass_time(before)
    clock.sleep_through(asleep)
    clock.pass_time(0)
    assert called == []
    clock.pass_time(11)
    assert called == [pytest.approx(before + asleep + 10)]


def test_a_loop_that_is_a_little_late_is_awake() -> None:
    clock = Clock()
    _, called = timer(clock)
    clock.sleep_through(10 + LATE_S / 2)
    clock.pass_time(0)
    assert called == [10 + LATE_S / 2]


async def test_a_time_limit_ends_what_takes_too_long() -> None:
    with pytest.raises(TimeoutError):
        async with awake_timeout(0.01):
            await asyncio.sleep(60)


async def test_a_time_limit_that_was_slept_through_ends_nothing() -> None:
    async with awake_timeout(0.05):
        await asyncio.sleep(0)
        time.sleep(LATE_S + 0.2)  # noqa: ASYNC251 - as if the process had been stopped
        await asyncio.sleep(0.01)
