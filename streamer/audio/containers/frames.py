"""Streams of frames without anything around them: ADTS, MP3 and AMR."""

from __future__ import annotations

from collections.abc import Callable

from streamer.audio.containers.packets import Demuxer, Track
from streamer.audio.signatures import adts_frame_bytes, id3_bytes, mp3_frame_bytes

HEADER_BYTES = 6

AMR_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0)
AMR_WB_BYTES = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)
"""Of a frame without its first byte, by its type (RFC 4867, 5.3)."""


class SyncedDemuxer(Demuxer):
    """Frames that begin with a mark and say how long they are; from noise the next mark leads on.

    A tag in front (ID3) is passed over. A frame counts where another follows it.
    """

    def __init__(self, codec: str, frame_bytes: Callable[[bytes], int | None]) -> None:
        self._codec = codec
        self._frame_bytes = frame_bytes
        self._buffer = b""
        self._skip: int | None = None
        self._begun = False

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        if self._skip is None:
            if len(self._buffer) < 10:
                return []
            self._skip = id3_bytes(self._buffer)
        passed = min(self._skip, len(self._buffer))
        self._buffer = self._buffer[passed:]
        self._skip -= passed
        out: list[Track | bytes] = [] if self._begun else [Track(self._codec)]
        self._begun = True
        at = 0
        while at + HEADER_BYTES <= len(self._buffer):
            length = self._frame_bytes(self._buffer[at : at + HEADER_BYTES])
            if length is None:
                mark = self._buffer.find(b"\xff", at + 1)
                at = len(self._buffer) if mark < 0 else mark
            elif at + length > len(self._buffer):
                break
            else:
                out.append(self._buffer[at : at + length])
                at += length
        self._buffer = self._buffer[at:]
        return out


class AmrDemuxer(Demuxer):
    """Frames of 20 ms; the mark of a file, in front, is passed over."""

    def __init__(self, *, wide: bool) -> None:
        self._mark = b"#!AMR-WB\n" if wide else b"#!AMR\n"
        self._bytes = AMR_WB_BYTES if wide else AMR_BYTES
        self._track = Track("amrwb", b"", 16_000, 1) if wide else Track("amrnb", b"", 8_000, 1)
        self._buffer = b""
        self._begun = False

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        at = 0
        if not self._begun:
            if len(self._buffer) < len(self._mark):
                return []
            at = len(self._mark) if self._buffer.startswith(self._mark) else 0
            out.append(self._track)
            self._begun = True
        while at < len(self._buffer):
            length = 1 + self._bytes[self._buffer[at] >> 3 & 15]
            if at + length > len(self._buffer):
                break
            out.append(self._buffer[at : at + length])
            at += length
        self._buffer = self._buffer[at:]
        return out


def adts() -> SyncedDemuxer:
    """Read AAC in ADTS."""
    return SyncedDemuxer("aac", adts_frame_bytes)


def mp3() -> SyncedDemuxer:
    """Read MP3."""
    return SyncedDemuxer("mp3float", mp3_frame_bytes)
