"""The boxes of MP4's indices (ISO/IEC 14496-12): which track is sound, where its samples lie."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.audio.containers.packets import (
    BrokenStreamError,
    Track,
    flac_track,
    opus_head,
    opus_track,
)

Place = tuple[int, int]

MAX_SAMPLES = 1 << 19
"""Of an index: three hours of AAC."""


def boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the boxes in one; what is cut short is left out."""
    at = 0
    while at + 8 <= len(body):
        size = int.from_bytes(body[at : at + 4])
        if size < 8 or at + size > len(body):
            return
        yield body[at + 4 : at + 8], body[at + 8 : at + size]
        at += size


def movie_track(moov: bytes) -> tuple[int, Track, list[Place]]:
    """Read a `moov`: the id of the first track of sound, what it is, and its samples if listed.

    Raises BrokenStreamError where there is no sound that can be read.
    """
    for kind, trak in boxes(moov):
        if kind != b"trak":
            continue
        parts = dict(boxes(trak))
        media = dict(boxes(parts.get(b"mdia", b"")))
        if media.get(b"hdlr", b"")[8:12] != b"soun":
            continue
        table = dict(boxes(dict(boxes(media.get(b"minf", b""))).get(b"stbl", b"")))
        header = parts.get(b"tkhd", b"")
        begin = 20 if header[:1] == b"\x01" else 12
        track_id = int.from_bytes(header[begin : begin + 4])
        return track_id, _described(table.get(b"stsd", b"")), list(_listed(table))
    raise BrokenStreamError("there is no sound in it")


def fragment_samples(moof: bytes, begin: int, track_id: int) -> list[Place]:
    """Read a `moof` that begins at `begin`: where the samples of a track lie."""
    places: list[Place] = []
    for kind, traf in boxes(moof):
        if kind != b"traf":
            continue
        parts = list(boxes(traf))
        header = dict(parts).get(b"tfhd", b"")
        if int.from_bytes(header[4:8]) != track_id:
            continue
        flags, fields = int.from_bytes(header[1:4]), _Fields(header[8:])
        base = fields.take(8) if flags & 1 else begin
        fields.skip(4 * ((flags >> 1 & 1) + (flags >> 3 & 1)))
        usual = fields.take(4) if flags & 0x10 else 0
        at = base
        for name, run in parts:
            if name == b"trun":
                found, at = _run(run, base, at, usual)
                places += found
    return places[:MAX_SAMPLES]


def _run(run: bytes, base: int, at: int, usual: int) -> tuple[list[Place], int]:
    flags, fields = int.from_bytes(run[1:4]), _Fields(run[4:])
    count = min(fields.take(4), MAX_SAMPLES)
    if flags & 1:
        offset = fields.take(4)
        at = base + (offset - (1 << 32) if offset >> 31 else offset)
    fields.skip(4 * (flags >> 2 & 1))
    each = [flags >> bit & 1 for bit in (8, 9, 10, 11)]
    places: list[Place] = []
    for _ in range(count):
        if any(each) and fields.is_empty:
            break
        fields.skip(4 * each[0])
        size = fields.take(4) if each[1] else usual
        fields.skip(4 * (each[2] + each[3]))
        places.append((at, size))
        at += size
    return places, at


def _listed(table: dict[bytes, bytes]) -> Iterator[Place]:
    """Yield the samples of an index that lists them all."""
    sizes = _Fields(table.get(b"stsz", b"")[4:])
    usual, count = sizes.take(4), min(sizes.take(4), MAX_SAMPLES)
    wide = b"co64" in table
    chunks = _Fields(table.get(b"co64" if wide else b"stco", b"")[4:])
    chunks.skip(4)
    runs = _Fields(table.get(b"stsc", b"")[4:])
    runs.skip(4)
    following = (runs.take(4), runs.take(4), runs.take(4))
    number, in_chunk, done = 0, 0, 0
    while done < count and not chunks.is_empty:
        number += 1
        if following[0] == number:
            in_chunk = following[1]
            following = (runs.take(4), runs.take(4), runs.take(4))
        at = chunks.take(8 if wide else 4)
        for _ in range(min(in_chunk, count - done)):
            if not usual and sizes.is_empty:
                return
            size = usual or sizes.take(4)
            yield at, size
            at += size
            done += 1


def _described(stsd: bytes) -> Track:
    """Read a sample description; raises BrokenStreamError."""
    kind, entry = next(boxes(stsd[8:]), (b"", b""))
    rate, channels = int.from_bytes(entry[24:26]), int.from_bytes(entry[16:18])
    inner = dict(boxes(entry[28:]))
    match kind:
        case b"mp4a":
            return Track("aac", _specific_info(inner.get(b"esds", b"")), rate, channels)
        case b"Opus":
            return opus_track(_opus_head(inner.get(b"dOps", b"")))
        case b"fLaC":
            return flac_track(inner.get(b"dfLa", b"")[8:])
        case b"samr":
            return Track("amrnb", b"", 8_000, 1)
        case b"sawb":
            return Track("amrwb", b"", 16_000, 1)
        case b"enca" | b"drms":
            raise BrokenStreamError("it is protected against copying (DRM)")
        case _:
            name = kind.decode("latin-1")
            raise BrokenStreamError(f"its sound is {name!r}, which is not read as a stream")


def _specific_info(esds: bytes) -> bytes:
    """Find what an AAC decoder has to know in the descriptors of MPEG-4 (14496-1, 7.2.6)."""
    at = 4
    while at < len(esds):
        tag, at, size = esds[at], at + 1, 0
        while at < len(esds):
            byte, at = esds[at], at + 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        match tag:
            case 3:
                flags = esds[at + 2] if at + 2 < len(esds) else 0
                at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
            case 4:
                at += 13
            case 5:
                return esds[at : at + size]
            case _:
                at += size
    raise BrokenStreamError("the description of its AAC stream is missing")


def _opus_head(dops: bytes) -> bytes:
    """Turn the Opus box of MP4, big-endian, into Ogg's header, little-endian."""
    if len(dops) < 11:
        raise BrokenStreamError("the description of its Opus stream is missing")
    channels, skip = dops[1], int.from_bytes(dops[2:4])
    if dops[10] == 0:
        return opus_head(channels, skip)
    rate, gain = dops[4:8][::-1], dops[8:10][::-1]
    return b"OpusHead\x01" + bytes([channels]) + dops[2:4][::-1] + rate + gain + dops[10:]


class _Fields:
    """Integers of a box, one after the other; beyond its end all are 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def take(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at])

    def skip(self, size: int) -> None:
        self._at += size
