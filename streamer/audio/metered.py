"""A file under a demuxer: no more is read of it, and for no longer, than a sane file needs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import BinaryIO

from streamer.audio.problems import TAIL_BYTES, is_broken_off
from streamer.audio.signatures import HEAD_BYTES

READINGS = 8
"""How often over a file may be read: indices at its end, and tracks that lie one after the other,
make a demuxer go back and forth."""

SLACK_BYTES = 1 << 26
"""On top, for small files."""

BLOCK_TIME_S = 60.0
"""Within which the next block of samples must have come."""


class ReadTooMuchError(Exception):
    """A demuxer that reads on and on without a sample; the message says so."""


class MeteredReader:
    """What PyAV reads from; `head` is its start, and `breaks_off` where its end is missing.

    Raises ReadTooMuchError, through PyAV, beyond its bounds.
    """

    def __init__(self, file: BinaryIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._size = file.seek(0, io.SEEK_END) if file.seekable() else 0
        self._left = SLACK_BYTES + READINGS * self._size
        if file.seekable():
            file.seek(0)
        self.head = file.read(HEAD_BYTES)
        self._unread = b"" if file.seekable() else self.head
        self.breaks_off = False
        if file.seekable():
            self.breaks_off = is_broken_off(self.head, self._tail(), self._size)
            file.seek(0)
        self.begin()

    def _tail(self) -> bytes:
        self._file.seek(max(0, self._size - TAIL_BYTES))
        return self._file.read(TAIL_BYTES)

    def begin(self) -> None:
        """Begin to wait for a block."""
        self._until = self._clock() + BLOCK_TIME_S

    def read(self, size: int) -> bytes:
        """Read as a file does."""
        if self._clock() > self._until:
            raise ReadTooMuchError(f"nothing could be made of it for {BLOCK_TIME_S:g} s")
        if self._unread:
            data, self._unread = self._unread[:size], self._unread[size:]
        else:
            data = self._file.read(size)
        self._left -= max(1, len(data)) if self.seekable() else 0
        if self._left < 0:
            raise ReadTooMuchError("it makes its reader go round in circles")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Seek as a file does."""
        self._left -= 1
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell as a file does."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Whether it can be read anew from anywhere."""
        return self._file.seekable()
