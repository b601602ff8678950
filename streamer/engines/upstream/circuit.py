"""Whether a server is worth a clip of somebody's. No I/O, no clock."""

from __future__ import annotations

FAILURES = 3
"""In a row, after which nobody's audio is sent there any more."""

PROBE_S = 5.0
"""How often a server that nobody has asked for anything is asked how it is."""

WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Between the probes of one that has failed; the last again and again."""


class Circuit:
    """Opens when a server fails, and closes when a clip of ours was answered again.

    Times are seconds of one clock.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._probes = 0  # in vain, since it opened
        self._open = False
        self._held_until = float("-inf")
        self._heard_at = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether it has failed, and has not been well since."""
        return self._open

    def succeeded(self, now: float) -> None:
        """A clip was answered."""
        self._failures = self._probes = 0
        self._open = False
        self._heard_at = now

    def failed(self, *, at_once: bool = False) -> None:
        """A clip was not; with `at_once` no other will be."""
        self._failures += 1
        self._open = self._open or at_once or self._failures >= FAILURES

    def probed_in_vain(self) -> None:
        """It was asked how it is, and is not well."""
        self._probes += 1

    def hold(self, until: float) -> None:
        """Leave it alone until then."""
        self._held_until = max(self._held_until, until)

    def allows(self, now: float) -> bool:
        """Whether it may be sent a clip."""
        return not self._open and now >= self._held_until

    def probe_in_s(self, now: float) -> float:
        """In how many seconds it should be asked how it is."""
        if self._open:
            return WAITS_S[min(self._probes, len(WAITS_S) - 1)]
        return max(0.0, self._heard_at + PROBE_S - now)
