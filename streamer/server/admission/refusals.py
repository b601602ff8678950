"""Refusals, counted, logged and paced in one place, whichever door they are at."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from streamer.protocols.door import RefusalError
from streamer.runtime.logs import AtMost

PER_SECOND = 20.0
"""Refusals answered, where more would come. Each costs the event loop half a millisecond, and the
client that tries again at once as much, often on the same machine."""
BURST = 20.0
"""Refusals answered at once after some quiet: a fleet that looks for another server."""
LONGEST_S = 3.0
"""Less than a handshake may take (`open_timeout`), and than `Retry-After` asks for."""

RETRY_AFTER_S = 5
"""What a refused client is told to wait; long enough for a queue to recover."""

LOGGED_PER_SECOND = 10
"""All are counted. Nobody shall fill a disk by knocking."""

log = logging.getLogger(__name__)


def try_later(status: int, code: str, message: str) -> RefusalError:
    """Refuse what may well be had a little later."""
    return RefusalError(status, code, message, headers={"Retry-After": str(RETRY_AFTER_S)})


class RefusalPace:
    """How soon a refused client is told so: at once, unless many are. No I/O, no clock.

    It paces whoever comes again as soon as it is refused, and so takes time from those let in. A
    leaky bucket of refusals, of bounded size: a flood makes nobody wait longer than `LONGEST_S`,
    and is forgotten soon after its end.
    """

    def __init__(self) -> None:
        self._level = 0.0
        self._at = 0.0

    def delay(self, now: float) -> float:
        """Return in how many seconds a refusal of now is to be answered, at most `LONGEST_S`."""
        left = max(0.0, self._level - (now - self._at) * PER_SECOND)
        self._level = min(left + 1, BURST + LONGEST_S * PER_SECOND)
        self._at = now
        return max(0.0, self._level - BURST) / PER_SECOND


class Refusals:
    """The refusals of a whole server. `count` is told the code of each."""

    def __init__(self, count: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._count = count
        self._clock = clock
        self._pace = RefusalPace()
        self._lines = AtMost(LOGGED_PER_SECOND)

    def note(self, refusal: RefusalError, client: object, level: int = logging.INFO) -> float:
        """Count and log a client's refusal; returns in how many seconds to tell it."""
        now = self._clock()
        self._count(refusal.code)
        if self._lines.allows(now):
            log.log(level, "refused %s: %s", client, refusal.code)
        return self._pace.delay(now)

    async def settle(
        self, refusal: RefusalError, client: object, level: int = logging.INFO
    ) -> None:
        """Count and log a client's refusal, and wait until it is to be told."""
        wait_s = self.note(refusal, client, level)
        if wait_s > 0:
            await asyncio.sleep(wait_s)
