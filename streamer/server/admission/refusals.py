"""How soon a refused client is told so: at once, unless many are. No I/O, no clock."""

from __future__ import annotations

PER_SECOND = 20.0
"""Refusals answered, where more would come. Each costs the event loop half a millisecond, and the
client that tries again at once as much, often on the same machine."""
BURST = 20.0
"""Refusals answered at once after some quiet: a fleet that looks for another server."""
LONGEST_S = 3.0
"""Less than a handshake may take (`open_timeout`), and than `Retry-After` asks for."""


class Refusals:
    """Paces whoever comes again as soon as it is refused, and so takes time from those let in.

    A leaky bucket of refusals, of bounded size: a flood makes nobody wait longer than `LONGEST_S`,
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
