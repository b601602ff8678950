"""A bounded way from the event loop into a thread: putting never waits."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class BoundedHandoff(Generic[Item]):
    """Items with a size, in order; more than `capacity` bytes of them are not taken."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: list[Item] = []
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Item, size: int, *, always: bool = False) -> bool:
        """Add an item, or return False where there is no room; `always` makes room."""
        with self._changed:
            if not always and self._bytes + size > self._capacity:
                return False
            self._items.append(item)
            self._bytes += size
            self._changed.notify()
            return True

    def close(self) -> None:
        """No more items come."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> list[Item]:
        """Wait for items and take all; none means that the mailbox is closed and empty."""
        with self._changed:
            while not (self._items or self._closed):
                self._changed.wait()
            items, self._items = self._items, []
            self._bytes = 0
            return items
