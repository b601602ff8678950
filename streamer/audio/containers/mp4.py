"""MP4 as it comes: fragments, as recorders send them, and files whose index stands first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from streamer.audio.containers.boxes import fragment_samples, movie_track
from streamer.audio.containers.packets import MAX_PACKET_BYTES, BrokenStreamError, Demuxer, Track

MAX_INDEX_BYTES = 1 << 23

Place = tuple[int, int]
"""Where a sample begins, from the beginning of its file, and how many bytes it has."""


class Mp4Demuxer(Demuxer):
    """Boxes to packets of the first track of sound."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # of the buffer, from the beginning of the file
        self._box_end = 0  # of the box whose content passes by
        self._track_id: int | None = None
        self._due: deque[Place] = deque()

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        while True:
            if self._at < self._box_end:
                out += self._passing()
                if self._at < self._box_end:
                    return out
            box = self._next_box()
            if box is None:
                return out
            out += box

    def _next_box(self) -> list[Track | bytes] | None:
        """Read the head of a box, or the whole of one that is an index; None where it lacks."""
        if len(self._buffer) < 16:
            return None
        size, kind, head = int.from_bytes(self._buffer[:4]), self._buffer[4:8], 8
        if size == 1:
            size, head = int.from_bytes(self._buffer[8:16]), 16
        elif size == 0:
            size = 1 << 62  # to the end
        if size < head or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
            raise BrokenStreamError("its boxes do not follow each other")
        if kind in (b"moov", b"moof"):
            if size > MAX_INDEX_BYTES:
                raise BrokenStreamError("its index is longer than any")
            if len(self._buffer) < size:
                return None
            return self._index(kind, self._cut(size)[head:], self._at - size)
        if kind == b"ftyp":  # a recorder begins, perhaps anew
            self._at, self._track_id = 0, None
            self._due.clear()
        if kind == b"mdat" and self._track_id is None:
            raise BrokenStreamError("its index (`moov`) comes last: a file, but no stream")
        self._box_end = self._at + size
        self._cut(head)
        return []

    def _index(self, kind: bytes, body: bytes, begin: int) -> list[Track | bytes]:
        if kind == b"moov":
            self._track_id, track, places = movie_track(body)
            self._add(places)
            return [track]
        if self._track_id is not None:
            self._add(fragment_samples(body, begin, self._track_id))
        return []

    def _add(self, places: Iterable[Place]) -> None:
        self._due = deque(sorted(place for place in places if place[1] <= MAX_PACKET_BYTES))

    def _passing(self) -> list[Track | bytes]:
        """Take the samples out of what has come of this box; forget the rest."""
        out: list[Track | bytes] = []
        have = min(self._box_end, self._at + len(self._buffer))
        while self._due and self._due[0][0] < self._at:
            self._due.popleft()  # it lies before, or overlaps with another
        while self._due and sum(self._due[0]) <= have:
            begin, size = self._due.popleft()
            if begin >= self._at:
                self._cut(begin - self._at)
                if size:
                    out.append(self._cut(size))
        waits_at = self._due[0][0] if self._due else have
        self._cut(max(0, min(have, waits_at) - self._at))
        if have == self._box_end:
            self._cut(have - self._at)
        return out

    def _cut(self, size: int) -> bytes:
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        self._at += len(piece)
        return piece
