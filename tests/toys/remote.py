"""An engine that is far away: many clips at a time, each in its own time, and no work here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engines import words_of

from streamer.engines.base import Capacity, Done
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo


class RemoteEngine:
    """Answers a clip `seconds` after it came, `slots` of them at a time."""

    def __init__(self, slots: int = 256, seconds: float = 0.4) -> None:
        self.info = EngineInfo(
            name="remote",
            languages=("en",),
            provider="far away",
            precision="unknown",
            max_seconds=35.0,
            demonstration=False,
        )
        self.most = 0
        """Clips that were in flight together."""
        self._slots = slots
        self._seconds = seconds
        self._in_flight: dict[int, asyncio.TimerHandle] = {}
        self._busy_s = 0.0
        self._on_change: Callable[[], None] = lambda: None

    def start(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        loop = asyncio.get_running_loop()
        self._in_flight[key] = loop.call_later(self._seconds, self._answer, key, clip, done)
        self.most = max(self.most, len(self._in_flight))

    def cancel(self, key: int) -> None:
        handle = self._in_flight.pop(key, None)
        if handle is not None:
            handle.cancel()

    def capacity(self) -> Capacity:
        free = self._slots - len(self._in_flight)
        return Capacity(free=free, slots=self._slots, busy_s=self._busy_s)

    async def close(self) -> None:
        for key in list(self._in_flight):
            self.cancel(key)

    def _answer(self, key: int, clip: Clip, done: Done) -> None:
        del self._in_flight[key]
        self._busy_s += self._seconds / self._slots
        done(words_of(clip))
        self._on_change()
