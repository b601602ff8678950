"""When refused clients are told so."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import client, receive, serving
from websockets.exceptions import InvalidStatus

from streamer.server.admission.refusals import BURST, LONGEST_S, PER_SECOND, RefusalPace

pauses = st.lists(st.floats(min_value=0.0, max_value=2.0), min_size=1, max_size=200)


def test_a_few_refusals_are_answered_at_once() -> None:
    pace = RefusalPace()
    assert [pace.delay(0.0) for _ in range(int(BURST))] == [0.0] * int(BURST)
    assert pace.delay(0.0) > 0


def test_who_comes_again_at_once_is_answered_at_the_rate() -> None:
    pace = RefusalPace()
    now = 0.0
    for _ in range(2000):
        now += pace.delay(now)
    assert now == pytest.approx((2000 - BURST) / PER_SECOND)


def test_a_second_of_quiet_is_forgiven() -> None:
    pace = RefusalPace()
    for _ in range(10_000):
        pace.delay(0.0)
    quiet = LONGEST_S + BURST / PER_SECOND
    assert [pace.delay(quiet) for _ in range(int(BURST))] == [0.0] * int(BURST)


@given(pauses)
def test_nobody_waits_longer_than_a_handshake_may_take(pauses: list[float]) -> None:
    pace = RefusalPace()
    now = 0.0
    for pause in pauses:
        now += pause / 100
        assert 0.0 <= pace.delay(now) <= LONGEST_S


@given(pauses)
def test_refusals_are_answered_in_the_order_in_which_they_came(pauses: list[float]) -> None:
    pace = RefusalPace()
    now = last = 0.0
    for pause in pauses:
        now += pause
        answered = now + pace.delay(now)
        assert answered >= last - 1e-9
        last = answered


async def test_of_a_crowd_the_last_are_told_a_little_later() -> None:
    async def refused(address: str) -> int:
        with pytest.raises(InvalidStatus) as refusal:
            async with client(address):
                pass
        return refusal.value.response.status_code

    crowd = 2 * int(BURST)
    async with serving(max_sessions=1) as address, client(address) as ws:
        await receive(ws)
        began = time.monotonic()
        answers = await asyncio.gather(*(refused(address) for _ in range(crowd)))
        assert answers == [503] * crowd
        assert time.monotonic() - began > (crowd - BURST) / PER_SECOND / 2
