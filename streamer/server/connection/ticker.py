"""One timer that tells streams how time passes while they bring no audio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.1
"""How late a silence may be noticed."""


class Ticker:
    """Calls every `TICK_S` whoever waits; while nobody does there is no timer.

    Its time stands still while the event loop does: what clients have sent in the meantime is
    still to be read then, and must not be missed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._own_loop = loop
        self._lost = 0.0
        self._waiting: dict[object, Callable[[float], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return its time, in seconds."""
        return self._loop.time() - self._lost

    def add(self, who: object, tick: Callable[[float], None]) -> None:
        """Call `tick` with the time again and again, until `who` is removed."""
        self._waiting[who] = tick
        if self._timer is None:
            self._schedule()

    def remove(self, who: object) -> None:
        """Call no more for `who`, if it was ever added."""
        self._waiting.pop(who, None)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self._own_loop or asyncio.get_running_loop()

    def _schedule(self) -> None:
        due = self._loop.time() + TICK_S
        self._timer = self._loop.call_at(due, self._tick, due)

    def _tick(self, due: float) -> None:
        self._timer = None
        self._lost += max(0.0, self._loop.time() - due)
        now = self.now()
        for tick in list(self._waiting.values()):
            tick(now)
        if self._waiting:
            self._schedule()
