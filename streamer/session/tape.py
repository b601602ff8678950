"""The audio of one channel that may still be needed, addressed by stream position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Tape:
    """Samples since the stream's start, the oldest forgotten on request.

    Grows by doubling, and moves on to a new buffer when half of it is forgotten, so appending costs
    amortised constant time a sample. What is written in a buffer never changes: it can be lent.
    """

    def __init__(self) -> None:
        self._buffer = np.zeros(16_000, np.float32)
        self._origin = 0  # stream position of the buffer's first sample
        self._length = 0

    @property
    def end(self) -> int:
        """Samples appended since the stream's start."""
        return self._origin + self._length

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add (n,) samples at the end."""
        needed = self._length + len(samples)
        if needed > len(self._buffer):
            grown = np.empty(max(needed, 2 * len(self._buffer)), np.float32)
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : needed] = samples
        self._length = needed

    def cut(self, start: int, end: int) -> NDArray[np.float32]:
        """Lend the samples of [start, end), read-only and for good.

        Raises IndexError if some are forgotten or unheard.
        """
        if not self._origin <= start <= end <= self.end:
            raise IndexError(f"[{start}, {end}) is not on the tape [{self._origin}, {self.end})")
        lent = self._buffer[start - self._origin : end - self._origin]
        lent.flags.writeable = False
        return lent

    def forget(self, before: int) -> None:
        """Allow the samples before this position to go."""
        drop = min(before - self._origin, self._length)
        if drop * 2 > len(self._buffer):
            kept = self._buffer[drop : self._length]
            self._buffer = np.empty_like(self._buffer)
            self._buffer[: len(kept)] = kept
            self._origin += drop
            self._length = len(kept)
