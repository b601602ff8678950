"""Who may look on at a session: metrics and recordings see uploads as they see streams."""

from __future__ import annotations

from typing import Protocol

from streamer.session.events import Event
from streamer.session.inputs import Input


class SessionObserver(Protocol):
    """Sees all that goes into a session and all that comes out, in order; must not block."""

    def on_input(self, given: Input) -> None:
        """The session is about to be given this."""
        ...

    def on_event(self, event: Event) -> None:
        """The session tells this."""
        ...

    def on_close(self) -> None:
        """Nothing more will follow."""
        ...
