"""Timers that count only the time in which the process was awake.

A laptop that slept, a virtual machine that was paused and a process that was stopped wake to timers
that are all long due, and to clients whose bytes have not been read yet. A timer that is itself
late therefore waits again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

LATE_S = 1.0
"""An event loop that is so late has not been running; it is late by milliseconds."""


class AwakeTimer:
    """Calls back once, after so many seconds of which none was slept through."""

    def __init__(
        self,
        seconds: float,
        callback: Callable[[], object],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._seconds = seconds
        self._callback = callback
        self._loop = loop or asyncio.get_running_loop()
        self._handle = self._wait()

    def cancel(self) -> None:
        """Call nobody."""
        self._handle.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        return self._loop.call_at(self._loop.time() + self._seconds, self._look)

    def _look(self) -> None:
        if self._loop.time() - self._handle.when() > LATE_S:
            self._handle = self._wait()
        else:
            self._callback()


@asynccontextmanager
async def awake_timeout(seconds: float) -> AsyncGenerator[None]:
    """As `asyncio.timeout`: raises TimeoutError after so many seconds, none slept through."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        timer = AwakeTimer(seconds, lambda: limit.reschedule(loop.time()), loop)
        try:
            yield
        finally:
            timer.cancel()
