"""For how long a replica may say nothing. No clock."""

from __future__ import annotations

SHORTEST_S = 0.25
"""Processes on a busy machine stop for so long now and then."""
LONGEST_S = 3.0
TIMES = 4.0
"""As many times as a clip usually takes."""
FORGETTING = 0.05
"""Weight of the newest clip in what is usual."""
FIRST_S = 0.25
"""What a second of audio takes where nothing is known yet."""


class Patience:
    """Learns how long clips take: a second of audio, and one more for what every clip takes."""

    def __init__(self) -> None:
        self._usual_s = FIRST_S

    def took(self, clip_s: float, seconds: float) -> None:
        """Note how long a clip of so many seconds took, from the gateway and back."""
        self._usual_s += FORGETTING * (seconds / (clip_s + 1.0) - self._usual_s)

    def with_clip(self, clip_s: float) -> float:
        """Return after how many seconds of silence a second replica is asked."""
        return min(LONGEST_S, max(SHORTEST_S, TIMES * self._usual_s * (clip_s + 1.0)))
