"""What dialects of calls have in common: nothing is said to the caller's side.

It would be played to the caller, or read by nobody. Results are published under the call's id.
"""

from __future__ import annotations

from collections.abc import Iterator

from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.dialect import Action, Message, Result, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.timeline import Timeline
from streamer.session import events

TRACK = "inbound"
"""What a connection without tracks hears of its call: all that it sends."""


class CallDialect:
    """One connection, which is one stream of a call; several may be of the same call."""

    grace_s: float | None = None

    def __init__(self, host: Host) -> None:
        self._host = host
        self._publisher: CallPublisher | None = None
        self._over = False

    def connected(self) -> Iterator[Action]:
        """Wait for what the call's beginning is."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is not asked where `grace_s` is None."""
        yield from ()

    def happened(self, event: events.Event) -> Iterator[Result]:
        """Publish what is said."""
        if self._publisher is not None:
            yield from self._publisher.happened(event)

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Result]:
        """Publish that no more will come, and why if the caller's side has not ended it."""
        self._over = True
        if self._publisher is not None:
            yield from self._publisher.finished(done, end, self._host.limits.idle_timeout_s)
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Write a message; none is ever said."""
        return message.model_dump_json(exclude_none=True)

    def _publisher_of(self, call: str) -> CallPublisher:
        """Make the publisher of a stream of one track, which has no name but the session's."""
        session = self._host.session
        return CallPublisher(call, session, session, [TRACK], Timeline())
