"""Whose sessions wait for their clients, and which of them gives way where too many do; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from streamer.server.admission.quotas import Peer


class SuspendedSessions:
    """At most `capacity` in all; of one key and of one address so many, 0 being no limit."""

    def __init__(self, capacity: int, per_key: int, per_address: int) -> None:
        self._capacity = capacity
        self._per_key = per_key
        self._per_address = per_address
        self._peers: dict[str, Peer] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._peers)

    def __contains__(self, session: str) -> bool:
        return session in self._peers

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._peers))

    def enter(self, session: str, peer: Peer) -> list[str]:
        """Let a session wait; returns the ones that gave way, and wait no more.

        Where the capacity is passed, the oldest of whoever has most waiting gives way: nobody can
        push out those of others as long as they have fewer.
        """
        self._peers[session] = peer
        gone: list[str] = []
        if self._per_address:
            gone += self._shorten(self._per_address, lambda one: one.address == peer.address)
        if self._per_key and peer.key is not None:
            gone += self._shorten(self._per_key, lambda one: one.key == peer.key)
        if len(self._peers) > self._capacity:
            counts = Counter(map(_holder, self._peers.values()))
            most = max(counts, key=counts.__getitem__)
            gone += self._shorten(counts[most] - 1, lambda one: _holder(one) == most)
        return gone

    def leave(self, session: str) -> None:
        """Let a session wait no more, if it does."""
        self._peers.pop(session, None)

    def _shorten(self, limit: int, is_one: Callable[[Peer], bool]) -> list[str]:
        """Let the oldest of some give way beyond a limit."""
        waiting = [session for session, peer in self._peers.items() if is_one(peer)]
        gone = waiting[: max(0, len(waiting) - limit)]
        for session in gone:
            self.leave(session)
        return gone


def _holder(peer: Peer) -> tuple[str | None, str]:
    """Return whose share a peer's sessions count in: its key's, else its address's."""
    return (peer.key, "") if peer.key is not None else (None, peer.address)
