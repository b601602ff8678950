"""Times of a client's clock for times of the audio that it sent: it may leave audio out."""

from __future__ import annotations

from bisect import bisect_right


class Timeline:
    """Knows how much was left out before each second of the audio that was sent."""

    def __init__(self) -> None:
        self._from = [0.0]  # seconds of audio
        self._left_out = [0.0]  # seconds left out before there, all together

    def leave_out(self, at: float, seconds: float) -> None:
        """So many seconds more were left out after `at` seconds of audio, the latest so far."""
        total = self._left_out[-1] + seconds
        if at <= self._from[-1]:
            self._left_out[-1] = total
        else:
            self._from.append(at)
            self._left_out.append(total)

    def forget(self, before: float) -> None:
        """Times before this are not asked for any more."""
        past = bisect_right(self._from, before) - 1
        del self._from[:past], self._left_out[:past]

    def at(self, seconds: float) -> float:
        """Return the client's time for a time of the audio."""
        return seconds + self._left_out[max(0, bisect_right(self._from, seconds) - 1)]
