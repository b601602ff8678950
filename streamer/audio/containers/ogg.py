"""Ogg (RFC 3533) as it comes: Opus, Vorbis, FLAC and Speex, also one stream after another."""

from __future__ import annotations

import zlib

from streamer.audio.containers.packets import (
    MAX_PACKET_BYTES,
    BrokenStreamError,
    Demuxer,
    Track,
    flac_track,
    opus_track,
    xiph_laced,
)

HEADER_BYTES = 27
CONTINUED, FIRST = 1, 2  # flags of a page

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggDemuxer(Demuxer):
    """Pages to packets of the first stream of sound; damaged pages are passed over."""

    def __init__(self) -> None:
        self._buffer = b""
        self._stream: _Stream | None = None
        self._others: set[int] = set()

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        while (page := self._next_page()) is not None:
            out += self._read(page)
        return out

    def _next_page(self) -> bytes | None:
        """Cut the next whole page off, if there is one."""
        while True:
            at = self._buffer.find(b"OggS")
            if at < 0:
                self._buffer = self._buffer[-3:]
                return None
            self._buffer = self._buffer[at:]
            if len(self._buffer) < HEADER_BYTES:
                return None
            table = HEADER_BYTES + self._buffer[26]
            if len(self._buffer) < table:
                return None
            size = table + sum(self._buffer[HEADER_BYTES:table])
            if len(self._buffer) < size:
                return None
            page = self._buffer[:size]
            if _checksum(page) == int.from_bytes(page[22:26], "little"):
                self._buffer = self._buffer[size:]
                return page
            self._buffer = self._buffer[4:]

    def _read(self, page: bytes) -> list[Track | bytes]:
        serial, flags = int.from_bytes(page[14:18], "little"), page[5]
        body = HEADER_BYTES + page[26]
        if flags & FIRST:
            head = page[body:]
            follows = self._stream is None or self._stream.begun
            if follows and (codec := _codec_of(head)) is not None:
                self._stream = _Stream(codec, serial)
        stream = self._stream
        if stream is None or serial != stream.serial:
            return []
        return stream.read(page[HEADER_BYTES:body], page[body:], continued=bool(flags & CONTINUED))


class _Stream:
    """The packets of one serial number, headers first."""

    def __init__(self, codec: str, serial: int) -> None:
        self.serial = serial
        self.begun = False
        self._codec = codec
        self._headers: list[bytes] = []
        self._open: bytes | None = b""  # what of a packet has come; None where its start is lost

    def read(self, lacing: bytes, body: bytes, *, continued: bool) -> list[Track | bytes]:
        if not continued:
            self._open = b""
        out: list[Track | bytes] = []
        at = 0
        for size in lacing:
            if self._open is not None:
                self._open += body[at : at + size]
                if len(self._open) > MAX_PACKET_BYTES:
                    self._open = None
            at += size
            if size < 255:
                if self._open is not None:
                    out += self._packet(self._open)
                self._open = b""
        return out

    def _packet(self, packet: bytes) -> list[Track | bytes]:
        if self.begun and not (self._codec == "flac" and packet[:1] != b"\xff"):
            return [packet] if packet else []
        self._headers.append(packet)
        track = self._track()
        self.begun = self.begun or track is not None
        return [] if track is None else [track]

    def _track(self) -> Track | None:
        """Return the track once its headers are complete."""
        first = self._headers[0]
        match self._codec:
            case "opus" if len(self._headers) == 2:
                return opus_track(first)
            case "vorbis" if len(self._headers) == 3:
                if len(first) < 16:
                    raise BrokenStreamError("the header of its Vorbis stream is none")
                rate = int.from_bytes(first[12:16], "little")
                return Track("vorbis", xiph_laced(self._headers), rate, first[11])
            case "flac" if len(self._headers) == 1:
                return flac_track(first[17:])
            case "speex" if len(self._headers) == 2:
                if len(first) < 80:
                    raise BrokenStreamError("the header of its Speex stream is none")
                rate, channels = (int.from_bytes(first[at : at + 4], "little") for at in (36, 48))
                return Track("speex", first, rate, channels)
            case _:
                return None


def _codec_of(head: bytes) -> str | None:
    for magic, codec in (
        (b"OpusHead", "opus"),
        (b"\x01vorbis", "vorbis"),
        (b"\x7fFLAC", "flac"),
        (b"Speex   ", "speex"),
    ):
        if head.startswith(magic):
            return codec
    return None


def _checksum(page: bytes) -> int:
    """CRC-32 with the bits the other way round than zlib's, and without its two inversions."""
    mirrored = (page[:22] + bytes(4) + page[26:]).translate(_REVERSED)
    crc = zlib.crc32(mirrored, 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_REVERSED))
