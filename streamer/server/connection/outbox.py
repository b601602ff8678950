"""What waits to be sent to one client: bounded, and no fuller than it need be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamer.protocols.dialect import Close, Reply, Say

CAPACITY = 1000
"""Messages; a client that lets this many wait does not read."""

PATIENCE = 4
"""Times the capacity that a suspended session may come to, however often it is resumed."""


WEIGHED_FROM = 16
"""Messages that wait before their memory counts: until then they are on their way."""

OBJECT_BYTES = 9
"""Of a message that waits, for each byte of its JSON: of finals with words 9, of long ones without
any 3."""


class OutboxFullError(Exception):
    """The client does not take its messages."""


class Outbox:
    """A queue in which newer messages take out older ones that they make needless (see `Say`).

    `weighed` is told of how many bytes those are that wait, once they are many.
    """

    def __init__(
        self, capacity: int = CAPACITY, weighed: Callable[[int], object] = lambda _: None
    ) -> None:
        self._capacity = capacity
        self._limit = capacity
        self._items: dict[object, Reply] = {}
        self._weights: dict[object, int] = {}
        self._weighed = weighed
        self._bytes = 0
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
            self._remove(item.instead_of)
            if item.key is not None:
                key = item.key
                self._remove(key)
        self._items[key] = item
        if len(self._items) > WEIGHED_FROM:
            self._weigh(key, item)
        self._filled.set()
        if len(self._items) > self._limit:
            raise OutboxFullError

    def allow_more(self) -> None:
        """Start to count anew: what waits now is not the fault of who will take it."""
        self._limit = min(len(self._items) + self._capacity, PATIENCE * self._capacity)

    async def get(self) -> Reply:
        """Wait for the next message and remove it."""
        await self._filled.wait()
        item = self._remove(next(iter(self._items)))
        assert item is not None
        if not self._items:
            self._filled.clear()
            self._limit = self._capacity
        return item

    def _remove(self, key: object) -> Reply | None:
        if weight := self._weights.pop(key, 0):
            self._bytes -= weight
            self._weighed(self._bytes)
        return self._items.pop(key, None)

    def _weigh(self, key: object, item: Reply) -> None:
        if isinstance(item, Say):
            self._weights[key] = weight = OBJECT_BYTES * len(item.message.model_dump_json())
            self._bytes += weight
            self._weighed(self._bytes)
