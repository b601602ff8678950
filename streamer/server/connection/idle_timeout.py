"""Waits that must not last too long, many a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from streamer.runtime.timers import LATE_S


class IdleTimeout:
    """Calls `lost` once a wait has lasted `seconds`. Use as a context manager, around all waits.

    One timer serves them all: it looks when the first of them would be too long, and then goes by
    the one that lasts. `asyncio.timeout` makes and cancels a timer for each, which cost a tenth of
    what a message of 20 ms costs the event loop.
    """

    def __init__(
        self,
        seconds: float,
        lost: Callable[[], None],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._seconds = seconds
        self._lost = lost
        self._loop = loop or asyncio.get_running_loop()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Wait for nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Call nobody any more."""
        if self._timer is not None:
            self._timer.cancel()

    def start(self) -> None:
        """A wait begins, in the place of any other."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(self._since + self._seconds, self._look)

    def stop(self) -> None:
        """It was not too long."""
        self._since = None

    def _look(self) -> None:
        assert self._timer is not None
        now, was_due = self._loop.time(), self._timer.when()
        self._timer = None
        if self._since is None:
            return
        if now - was_due > LATE_S:
            self._since = now  # the process was not awake: the wait begins anew
        due = self._since + self._seconds
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._since = None
        self._lost()
