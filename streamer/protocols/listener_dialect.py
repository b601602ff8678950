"""Listening to what is published on a topic: what was said so far, and then what is said."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.protocols.dialect import Action, Message, Reply, SessionEnd, Subscribe
from streamer.protocols.endings import closing
from streamer.session import events


class ListenerDialect:
    """One who listens. What it sends is not looked at."""

    grace_s = None

    def __init__(self, wish: Subscribe) -> None:
        self._wish = wish

    def connected(self) -> Iterator[Action]:
        """Listen."""
        yield self._wish

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is never asked."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take it for a sign of life."""
        yield from ()

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Nothing happens: there is no session."""
        yield from ()

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Say goodbye: the server goes away."""
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Write a message as it was published."""
        return message.model_dump_json(exclude_none=True)
