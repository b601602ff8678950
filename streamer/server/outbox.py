"""What waits to be sent to one client: bounded, and no fuller than it need be."""

from __future__ import annotations

import asyncio

from streamer.wire.dialect import Reply, Say

CAPACITY = 1000
"""Messages; a client that lets this many wait does not read."""


class OutboxFullError(Exception):
    """The client does not take its messages."""


class Outbox:
    """A queue in which newer messages take out older ones that they make needless (see `Say`)."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: dict[object, Reply] = {}
        self._count = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Reply) -> None:
        """Add a message; raises OutboxFullError when too many wait."""
        self._count += 1
        key: object = self._count
        if isinstance(item, Say):
            self._items.pop(item.instead_of, None)
            if item.key is not None:
                key = item.key
                self._items.pop(key, None)
        self._items[key] = item
        self._filled.set()
        if len(self._items) > self._capacity:
            raise OutboxFullError

    async def get(self) -> Reply:
        """Wait for the next message and remove it."""
        await self._filled.wait()
        item = self._items.pop(next(iter(self._items)))
        if not self._items:
            self._filled.clear()
        return item
