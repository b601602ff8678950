"""Times of a client's clock for times of the audio that it sent: it may leave audio out."""

from __future__ import annotations

from bisect import bisect_left


class Timeline:
    """Knows how much was left out before each second of the audio that was sent.

    Utterances are not to reach over a place where something was left out, but a little of what
    comes before it may be counted to the one behind it: the time of its end is what counts.
    """

    def __init__(self) -> None:
        self._from = [0.0]  # seconds of audio
        self._left_out = [0.0]  # seconds left out before there, all together

    @property
    def left_out(self) -> float:
        """Seconds left out so far."""
        return self._left_out[-1]

    def leave_out(self, at: float, seconds: float) -> None:
        """So many seconds more were left out after `at` seconds of audio, the latest so far."""
        total = self.left_out + seconds
        if at <= self._from[-1]:
            self._left_out[-1] = total
        else:
            self._from.append(at)
            self._left_out.append(total)

    def forget(self, before: float) -> None:
        """Nothing that ends before this is asked for any more."""
        past = self._place(before)
        del self._from[:past], self._left_out[:past]

    def shift(self, end: float) -> float:
        """Return what is to be added to the times of something that ends at `end`."""
        return self._left_out[self._place(end)]

    def _place(self, end: float) -> int:
        return max(0, bisect_left(self._from, end) - 1)
