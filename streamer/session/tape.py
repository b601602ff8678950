"""The audio of one channel that may still be needed, addressed by stream position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.speech.pcm16 import SAMPLE_BYTES, to_pcm16

PIECE = 8_000
"""Samples, half a second: what is kept beyond what is needed, and freed at a time."""


class Tape:
    """Samples since the stream's start, the oldest forgotten on request.

    Kept as 16-bit integers in pieces of one size, so that what is forgotten is given back at once,
    and nothing is copied to make room for more.
    """

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.int16]] = []
        self._origin = 0  # stream position of the first piece
        self._end = 0

    @property
    def end(self) -> int:
        """Samples appended since the stream's start."""
        return self._end

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self._pieces) * PIECE * SAMPLE_BYTES

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add (n,) samples at the end."""
        pcm = to_pcm16(samples)
        while len(pcm):
            place = (self._end - self._origin) % PIECE
            if self._end - self._origin == len(self._pieces) * PIECE:
                self._pieces.append(np.empty(PIECE, np.int16))
            fitting, pcm = pcm[: PIECE - place], pcm[PIECE - place :]
            self._pieces[-1][place : place + len(fitting)] = fitting
            self._end += len(fitting)

    def cut(self, start: int, end: int) -> NDArray[np.int16]:
        """Copy the samples of [start, end).

        Raises IndexError if some are forgotten or unheard.
        """
        if not self._origin <= start <= end <= self.end:
            raise IndexError(f"[{start}, {end}) is not on the tape [{self._origin}, {self.end})")
        first = (start - self._origin) // PIECE
        pieces = self._pieces[first : (end - self._origin) // PIECE + 1]
        if not pieces:
            return np.zeros(0, np.int16)
        begin = self._origin + first * PIECE
        pieces[-1] = pieces[-1][: end - begin - (len(pieces) - 1) * PIECE]
        pieces[0] = pieces[0][start - begin :]
        return np.concatenate(pieces)

    def forget(self, before: int) -> None:
        """Allow the samples before this position to go."""
        gone = (min(before, self._end) - self._origin) // PIECE
        if gone > 0:
            del self._pieces[:gone]
            self._origin += gone * PIECE
