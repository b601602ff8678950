"""How much of its places an engine that waits for others has used. No I/O, no clock."""

from __future__ import annotations


class BusyTime:
    """Seconds' worth of all places together; times are seconds of one clock."""

    def __init__(self, slots: int, now: float) -> None:
        self._slots = slots
        self._taken = 0
        self._at = now
        self._busy_s = 0.0

    def change(self, now: float, taken: int) -> None:
        """So many places are taken from now on."""
        self._busy_s = self.until(now)
        self._at, self._taken = now, taken

    def until(self, now: float) -> float:
        """What was used up to now."""
        return self._busy_s + (now - self._at) * self._taken / self._slots
