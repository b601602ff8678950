"""What waits to be sent to one client: bounded, and no fuller than it need be."""

from __future__ import annotations

import asyncio

from streamer.protocols.dialect import Close, Reply, Say

CAPACITY = 1000
"""Messages; a client that lets this many wait does not read."""

PATIENCE = 4
"""Times the capacity that a suspended session may come to, however often it is resumed."""


class OutboxFullError(Exception):
    """The client does not take its messages."""


class Outbox:
    """A queue in which newer messages take out older ones that they make needless (see `Say`)."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._limit = capacity
        self._items: dict[object, Reply] = {}
        self._count = 0
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_said(self) -> bool:
        """Whether nothing but the last word, to close, is left."""
        return bool(self._items) and all(isinstance(item, Close) for item in self._items.values())

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
        if len(self._items) > self._limit:
            raise OutboxFullError

    def allow_more(self) -> None:
        """Start to count anew: what waits now is not the fault of who will take it."""
        self._limit = min(len(self._items) + self._capacity, PATIENCE * self._capacity)

    async def get(self) -> Reply:
        """Wait for the next message and remove it."""
        await self._filled.wait()
        item = self._items.pop(next(iter(self._items)))
        if not self._items:
            self._filled.clear()
            self._limit = self._capacity
        return item
