"""FLAC as it comes (RFC 9639): metadata, then frames, which do not say how long they are."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.audio.containers.packets import (
    MAX_PACKET_BYTES,
    BrokenStreamError,
    Demuxer,
    Track,
    flac_track,
)

LONGEST_HEADER = 16

_SIZES = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
"""Samples of a frame by its code; those of 6 and 7 follow."""


@dataclass(frozen=True, slots=True)
class _Header:
    number: int
    following: int  # what the next frame's number is


class FlacDemuxer(Demuxer):
    """A frame ends where the next one's header stands: sync, checksum, and the number due there."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 4  # the mark
        self._info: Track | None = None
        self._in_frames = False
        self._frame: _Header | None = None  # with which the buffer begins
        self._searched = 0

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        while not self._in_frames:
            passed = min(self._skip, len(self._buffer))
            self._skip -= passed
            self._buffer = self._buffer[passed:]
            if self._skip or len(self._buffer) < 4:
                return out
            last, kind = self._buffer[0] >> 7, self._buffer[0] & 0x7F
            size = int.from_bytes(self._buffer[1:4])
            if kind == 0:
                if len(self._buffer) < 4 + size:
                    return out
                self._info = flac_track(self._buffer[4 : 4 + size])
            if self._info is None:
                raise BrokenStreamError("the header of its FLAC stream is none")
            if last:
                out.append(self._info)
                self._in_frames = True
            self._skip = 4 + size
        passed = min(self._skip, len(self._buffer))
        self._skip -= passed
        self._buffer = self._buffer[passed:]
        while (frame := self._next_frame()) is not None:
            out.append(frame)
        return out

    def finish(self) -> list[Track | bytes]:
        """Return the last frame, which no other follows."""
        rest, self._buffer = self._buffer, b""
        return [rest] if self._frame is not None and rest else []

    def _next_frame(self) -> bytes | None:
        while True:
            at = self._buffer.find(b"\xff", self._searched)
            if at < 0 or len(self._buffer) - at < LONGEST_HEADER:
                self._searched = max(self._searched, len(self._buffer) if at < 0 else at)
                if len(self._buffer) > MAX_PACKET_BYTES:
                    raise BrokenStreamError("its FLAC frames do not follow each other")
                return None
            header = _header(self._buffer[at : at + LONGEST_HEADER])
            self._searched = at + 1
            if header is None or (self._frame not in (None, header) and not self._is_due(header)):
                continue
            frame, self._buffer = self._buffer[:at], self._buffer[at:]
            known, self._frame, self._searched = self._frame is not None, header, 1
            if known:
                return frame

    def _is_due(self, header: _Header) -> bool:
        return self._frame is not None and header.number == self._frame.following


def _header(data: bytes) -> _Header | None:
    """Read a frame's header of up to `LONGEST_HEADER` bytes; None where there is none."""
    if data[1] & 0xFE != 0xF8 or data[3] & 1 or data[2] >> 4 == 0 or data[2] & 15 == 15:
        return None
    ones = 8 - (data[4] ^ 0xFF).bit_length()  # of the number, written as UTF-8 writes characters
    more = max(0, ones - 1)
    if ones == 1 or ones == 8:
        return None
    number = data[4] & (0x7F >> ones)
    for byte in data[5 : 5 + more]:
        if byte >> 6 != 2:
            return None
        number = number << 6 | byte & 0x3F
    at, code = 5 + more, data[2] >> 4
    size = _SIZES[code]
    if code in (6, 7):
        size = int.from_bytes(data[at : at + code - 5]) + 1
        at += code - 5
    at += {12: 1, 13: 2, 14: 2}.get(data[2] & 15, 0)
    if at >= len(data) or _crc8(data[:at]) != data[at]:
        return None
    return _Header(number, number + (size if data[1] & 1 else 1))


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
