"""What a demuxer makes of a stream's bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

MAX_PACKET_BYTES = 1 << 20
"""Of one packet of sound; a second of 24-bit stereo at 48 kHz is 288 kB."""


class BrokenStreamError(Exception):
    """Bytes that are not of the container that they began as; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Track:
    """The sound that follows: FFmpeg's name of its codec, and what its decoder has to know.

    `rate` and `channels` are 0 where the packets say so themselves. Of the first samples, `skip`
    are not to be heard: the codec needs them to begin.
    """

    codec: str
    extradata: bytes = b""
    rate: int = 0
    channels: int = 0
    skip: int = 0


class Demuxer(ABC):
    """One container's reader."""

    @abstractmethod
    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes; returns tracks, and packets of the track before them.

        Raises BrokenStreamError for what can never become sound.
        """

    def finish(self) -> list[Track | bytes]:
        """Return what could not be told to be whole before the end."""
        return []


def opus_head(channels: int, skip: int = 0) -> bytes:
    """Write the header of an Opus stream of one or two channels (RFC 7845, 5.1)."""
    rate = (48_000).to_bytes(4, "little")
    return b"OpusHead\x01" + bytes([channels]) + skip.to_bytes(2, "little") + rate + bytes(3)


def opus_track(head: bytes) -> Track:
    """Read the header of an Opus stream; raises BrokenStreamError."""
    if len(head) < 19 or not head.startswith(b"OpusHead") or not head[9]:
        raise BrokenStreamError("the header of its Opus stream is none")
    return Track("opus", head, 48_000, head[9], int.from_bytes(head[10:12], "little"))


def flac_track(info: bytes) -> Track:
    """Read the 34 bytes of a STREAMINFO block; raises BrokenStreamError."""
    if len(info) < 34:
        raise BrokenStreamError("the header of its FLAC stream is none")
    rate = int.from_bytes(info[10:13]) >> 4
    return Track("flac", info[:34], rate, (info[12] >> 1 & 7) + 1)


def xiph_laced(parts: list[bytes]) -> bytes:
    """Write the three headers of Vorbis as one, as decoders take them."""
    sizes = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in parts[:-1])
    return bytes([len(parts) - 1]) + sizes + b"".join(parts)
