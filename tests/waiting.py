"""Waiting for what nobody tells of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 30.0
"""Far more than anything takes, also on a busy machine."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; raises TimeoutError where it never does."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - no event is set for it
            await asyncio.sleep(0.001)
