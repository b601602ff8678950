"""What no client may be there to read, as of calls whose protocol has no place for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from streamer.runtime.logs import AtMost
from streamer.session.events import Event, Warned, WarningCode
from streamer.session.inputs import Input

log = logging.getLogger(__name__)

LOGGED_PER_SECOND = 10


class WarningLog:
    """Looks on at all sessions (`SessionObserver`), and logs whose bytes are surely no audio."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rate = AtMost(LOGGED_PER_SECOND)

    def on_input(self, given: Input) -> None:
        """Do nothing."""

    def on_event(self, event: Event) -> None:
        """Log it; a client that tries for ever fills no disk."""
        match event:
            case Warned(WarningCode.UNLIKELY_AUDIO, message) if self._rate.allows(self._clock()):
                log.warning("%s", message)
            case _:
                pass

    def on_close(self) -> None:
        """Do nothing."""
