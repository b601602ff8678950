"""The search for the capacity."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.run.capacity import find_capacity


def server(limit: int, asked: list[tuple[int, float]], *, tired: float = 1.0) -> Any:
    """Keep its promise to `limit` streams, or `tired` times as many when it takes long."""

    async def run(streams: int, seconds: float) -> dict[str, Any]:
        asked.append((streams, seconds))
        kept = limit * (tired if seconds > 10 else 1.0)
        return {"summary": {"streams": streams, "met": streams <= kept}}

    return run


@given(limit=st.integers(1, 500))
async def test_it_is_found_to_a_twentieth_and_confirmed(limit: int) -> None:
    asked: list[tuple[int, float]] = []
    found = (await find_capacity(server(limit, asked), 10, 60, 0))["capacity"]
    assert found <= limit <= found + max(1, found // 20)
    assert asked[-1] == (found, 60)
    assert all(seconds == 10 for _, seconds in asked[:-1])


async def test_what_a_long_run_does_not_confirm_is_lowered_until_it_does() -> None:
    asked: list[tuple[int, float]] = []
    found = (await find_capacity(server(100, asked, tired=0.8), 10, 60, 0))["capacity"]
    assert 70 <= found <= 80
    assert [seconds for _, seconds in asked].count(60) >= 3


@pytest.mark.parametrize("limit", [0])
async def test_a_server_that_keeps_no_promise_has_none(limit: int) -> None:
    assert (await find_capacity(server(limit, []), 10, 60, 0))["capacity"] == 0
