"""AudioSocket's frames on the wire: bytes to frames, sans-I/O.

A frame is a byte that says its kind, two of its payload's length, big-endian, and the payload.
From Asterisk's documentation, Configuration/Channel-Drivers/AudioSocket.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_HEADER = 3


class Kind(IntEnum):
    """What a frame may be, audio aside; others are passed over."""

    HANG_UP = 0x00
    UUID = 0x01
    DTMF = 0x03
    ERROR = 0xFF


RATES = {
    0x10: 8000,
    0x11: 12_000,
    0x12: 16_000,
    0x13: 24_000,
    0x14: 32_000,
    0x15: 44_100,
    0x16: 48_000,
    0x17: 96_000,
    0x18: 192_000,
}
"""Hz of the 16-bit mono samples that a kind of frame holds; all but the first are of 2025."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of whatever kind."""

    kind: int
    payload: bytes


class FrameParser:
    """Bytes in, frames out, however the bytes were split.

    Holds less than one frame, of at most 65,538 bytes, beside what it was just fed.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes."""
        self._buffer += data
        frames: list[Frame] = []
        at = 0
        while (end := self._end(at)) is not None:
            frames.append(Frame(self._buffer[at], bytes(self._buffer[at + _HEADER : end])))
            at = end
        del self._buffer[:at]
        return frames

    def _end(self, at: int) -> int | None:
        """Return where the frame that begins somewhere ends, if it is all there."""
        if len(self._buffer) < at + _HEADER:
            return None
        end = at + _HEADER + int.from_bytes(self._buffer[at + 1 : at + _HEADER])
        return end if end <= len(self._buffer) else None
