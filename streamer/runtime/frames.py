"""Messages as bytes: two lengths, a JSON head, and a body of raw samples.

Both ends are of one version and start together; what does not parse is a fault.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_LENGTHS = struct.Struct("<II")


def frame(head: bytes, body_bytes: int = 0) -> bytes:
    """Return what comes before a body of so many bytes."""
    return _LENGTHS.pack(len(head), body_bytes) + head


def read_frame(stream: BinaryIO, most: int | None = None) -> tuple[bytes, bytes] | None:
    """Wait for a message; returns its head and body, or None where the other end is gone.

    Raises ValueError for a head or body of more than `most` bytes, for who does not trust that end.
    """
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if most is not None and max(head_bytes, body_bytes) > most:
        raise ValueError(f"a message of {max(head_bytes, body_bytes)} bytes")
    head, body = stream.read(head_bytes), stream.read(body_bytes)
    return (head, body) if len(head) == head_bytes and len(body) == body_bytes else None


class FrameParser:
    """Bytes in any pieces in, heads and bodies out. No I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take the next bytes, and yield each message that is whole."""
        self._buffer += data
        while len(self._buffer) >= _LENGTHS.size:
            head, body = _LENGTHS.unpack_from(self._buffer)
            begin = _LENGTHS.size + head
            if len(self._buffer) < begin + body:
                return
            found = bytes(self._buffer[_LENGTHS.size : begin + body])
            del self._buffer[: begin + body]
            yield found[:head], found[head:]
