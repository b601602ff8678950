"""What load one more session will make, given that the newest do not show theirs yet."""

from __future__ import annotations

from collections import deque

SETTLED_S = 5.0
"""Seconds after which a session's load shows: its first utterances have ended."""
NOTED_EVERY_S = 0.05
ENOUGH = 4
"""Settled sessions from which one may infer what others will cost."""


class Forecast:
    """Remembers how many sessions there were when somebody last asked for one."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def with_one_more(self, now: float, load: float, sessions: int) -> float:
        """Return the load, in shares of the engine, to be expected of `sessions` and one more."""
        if not self._seen or now - self._seen[-1][0] >= NOTED_EVERY_S:
            self._seen.append((now, sessions))
        while len(self._seen) > 1 and self._seen[1][0] <= now - SETTLED_S:
            self._seen.popleft()
        settled = min(sessions, self._seen[0][1])
        return load if settled < ENOUGH else load * (sessions + 1) / settled
