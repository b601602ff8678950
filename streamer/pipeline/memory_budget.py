"""What the sessions of a server may hold together, and which gives way beyond it. No I/O, no clock.

The rule: from `ADMITTED` of the budget on no new session is let in. Beyond the whole of it the
session with the most open audio has its utterances ended early, and then the next, and who is owed
finals is read no further until they have come. So whatever is held comes to an end, and nothing
that was let in is lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

SESSION_BYTES = 1 << 20
"""Of a session without audio: its messages to be sent again, buffers of its socket, its states."""

ADMITTED = 0.75
"""Share of the budget up to which new sessions are let in: the rest is for those that are."""


class Cuttable(Protocol):
    """A session that can end its utterances early."""

    @property
    def open_s(self) -> float:
        """Seconds of open audio that could be cut."""
        ...

    def cut_short(self) -> None:
        """End them."""
        ...


class Holding:
    """What somebody holds of the budget, until it is closed."""

    def __init__(self, resize: Callable[[int], None], size: int = 0) -> None:
        self._resize = resize
        self._size = 0
        self._closed = False
        self.hold(size)

    def hold(self, size: int) -> bool:
        """Hold so many bytes from now on; returns whether they are more than before."""
        if self._closed:
            return False
        more = size - self._size
        self._size = size
        self._resize(more)
        return more > 0

    def close(self) -> None:
        """Give it back, and hold nothing any more."""
        self.hold(0)
        self._closed = True


class MemoryBudget:
    """`limit` is in bytes; without one it counts, and nothing follows."""

    def __init__(self, limit: int = sys.maxsize) -> None:
        self.limit = limit
        self.held = 0
        """Bytes that are held now."""
        self._sessions: set[Cuttable] = set()
        self._relieving = False

    @property
    def is_full(self) -> bool:
        """Whether more is held than there should be."""
        return self.held > self.limit

    @property
    def admits(self) -> bool:
        """Whether there is room for one session more."""
        return self.held + SESSION_BYTES <= self.limit * ADMITTED

    def holding(self, size: int = 0) -> Holding:
        """Hold so many bytes."""
        return Holding(self._resize, size)

    def enter(self, session: Cuttable) -> None:
        """A session begins that can give way."""
        self._sessions.add(session)

    def leave(self, session: Cuttable) -> None:
        """It ends, or has ended."""
        self._sessions.discard(session)

    def relieve(self) -> None:
        """Have the session with the most open audio end its utterances, if more is held than may.

        Called whenever a session has grown, so that each gives way before it can grow by much.
        """
        if self._relieving or not self.is_full or not self._sessions:
            return
        self._relieving = True  # what is cut is weighed anew, and asks for relief as well
        try:
            max(self._sessions, key=lambda one: one.open_s).cut_short()
        finally:
            self._relieving = False

    def _resize(self, more: int) -> None:
        self.held += more
