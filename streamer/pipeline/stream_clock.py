"""How much audio a live stream lacks by the clock on the wall."""

from __future__ import annotations


class StreamClock:
    """Sans-I/O: `now` is in seconds of any clock, but always the same.

    Audio that comes early is played on in thought: a file that was sent in a moment lacks nothing
    until all of it would have been heard. Audio that comes late starts the count anew, so that what
    a stalled line brings at once does not make a live stream a file.
    """

    def __init__(self) -> None:
        self._heard_until: float | None = None  # when all audio so far would have been heard

    def came(self, now: float, seconds: float) -> None:
        """So much audio has come."""
        heard_until = now if self._heard_until is None else self._heard_until
        self._heard_until = max(heard_until + seconds, now)

    def stood_still(self, now: float) -> None:
        """Nobody could bring audio until now, or nobody was listening."""
        self.came(now, 0.0)

    def missing(self, now: float) -> float:
        """Return the seconds without audio up to now; less than 0 where it came early."""
        return 0.0 if self._heard_until is None else now - self._heard_until
