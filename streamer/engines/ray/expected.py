"""How much of a replica the clips take that cannot wait. Plain data, no clock."""

from __future__ import annotations

from collections import deque

WINDOW_S = 10.0
"""Two utterances, about: what a stream brings is even over that."""


class ExpectedLoad:
    """Partials take whatever time is left, so a busy replica may have room for many more finals.

    Its share for finals is what it would be busy without partials. Times are seconds of a clock.
    """

    def __init__(self) -> None:
        self._clips: deque[tuple[float, float, bool]] = deque()
        self._busy: deque[tuple[float, float]] = deque()

    def began(self, now: float, seconds: float, *, urgent: bool) -> None:
        """Note a clip of so many seconds."""
        self._clips.append((now, seconds + 0.5, urgent))
        while now - self._clips[0][0] > WINDOW_S:
            self._clips.popleft()

    def share(self, now: float, busy_s: float) -> float:
        """Return it, 0 to 1, for the seconds since this was asked first, or the last of them.

        `busy_s` is how long the engine has been busy since it began.
        """
        self._busy.append((now, busy_s))
        while len(self._busy) > 2 and now - self._busy[1][0] >= WINDOW_S:
            self._busy.popleft()
        since, before_s = self._busy[0]
        recent = [one for one in self._clips if now - one[0] <= WINDOW_S]
        everything = sum(seconds for _, seconds, _ in recent)
        if not everything or now <= since:
            return 0.0
        urgent = sum(seconds for _, seconds, is_urgent in recent if is_urgent)
        return min(1.0, (busy_s - before_s) / (now - since)) * urgent / everything
