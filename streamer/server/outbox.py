"""What waits to be sent to one client: bounded, and no fuller than it need be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from streamer.wire.native.messages import Acknowledged, Final, Partial, ServerMessage

CAPACITY = 1000
"""Messages; a client that lets this many wait does not read."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """Close the connection after everything before this has been sent."""

    code: int
    reason: str = ""


class OutboxFullError(Exception):
    """The client does not take its messages."""


class Outbox:
    """A queue in which a newer partial replaces an older one of its utterance.

    A final removes the partial of its utterance, and an acknowledgement the one before; nothing
    else is ever dropped.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: dict[object, ServerMessage | Farewell] = {}
        self._count = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: ServerMessage | Farewell) -> None:
        """Add a message; raises OutboxFullError when too many wait."""
        key: object
        match item:
            case Partial():
                key = ("partial", item.channel, item.utterance)
            case Final():
                self._items.pop(("partial", item.channel, item.utterance), None)
                key = self._unique()
            case Acknowledged():
                key = "acknowledged"
                self._items.pop(key, None)
            case _:
                key = self._unique()
        self._items[key] = item
        self._filled.set()
        if len(self._items) > self._capacity:
            raise OutboxFullError

    async def get(self) -> ServerMessage | Farewell:
        """Wait for the next message and remove it."""
        await self._filled.wait()
        key = next(iter(self._items))
        item = self._items.pop(key)
        if not self._items:
            self._filled.clear()
        return item

    def _unique(self) -> int:
        self._count += 1
        return self._count
