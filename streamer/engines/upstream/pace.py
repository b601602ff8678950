"""How long a server takes, and what follows from that. No I/O, no clock."""

from __future__ import annotations

PARTIAL_EVERY_S = 0.7
"""Between two clips of a growing utterance, where the server is quick: each is the whole of it
again, so that 10 s every 300 ms would be sixteen times the audio."""

PARTIAL_SHARE = 2.0
"""Times that a clip takes, before the next of its utterance: half of the time nothing is asked."""

FIRST_TIMEOUT_S, LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 30.0, 5.0, 60.0
TIMEOUT_SHARE = 10.0
"""Times that a clip takes, after which there will be no answer."""

_NEWEST = 0.1


class Latency:
    """The mean of what the last clips took, the newest counting most."""

    def __init__(self) -> None:
        self._mean_s: float | None = None

    def took(self, seconds: float) -> None:
        """Note a clip that was answered after so many seconds."""
        before = seconds if self._mean_s is None else self._mean_s
        self._mean_s = before + _NEWEST * (seconds - before)

    @property
    def partial_every_s(self) -> float:
        """Least seconds between two clips of a growing utterance."""
        return max(PARTIAL_EVERY_S, PARTIAL_SHARE * (self._mean_s or 0.0))

    @property
    def timeout_s(self) -> float:
        """How long an answer is waited for."""
        if self._mean_s is None:
            return FIRST_TIMEOUT_S
        return min(max(TIMEOUT_SHARE * self._mean_s, LEAST_TIMEOUT_S), MOST_TIMEOUT_S)
