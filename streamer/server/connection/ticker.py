"""One timer that tells streams how time passes while they bring no audio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.1
"""How late a silence may be noticed."""

READ_TURNS = 5
"""Of the event loop, from bytes in the kernel to audio in a session: they are read, the parser
makes a frame of them, and the connection's task wakes; two to spare."""


class Ticker:
    """Calls every `TICK_S` whoever waits; while nobody does there is no timer.

    Whoever is called has been given all that had come by then: an event loop that was busy first
    gets some turns to read it, so that nobody misses what only waits for us.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._own_loop = loop
        self._waiting: dict[object, Callable[[float], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return its time, in seconds."""
        return self._loop.time()

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
        self._timer = self._loop.call_at(self._loop.time() + TICK_S, self._tick, READ_TURNS)

    def _tick(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._tick, turns - 1)
            return
        self._timer = None
        now = self.now()
        for tick in list(self._waiting.values()):
            tick(now)
        if self._waiting:
            self._schedule()
