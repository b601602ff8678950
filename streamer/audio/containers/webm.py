"""WebM and Matroska as they come: recorders leave the sizes of segments and clusters open."""

from __future__ import annotations

from streamer.audio.containers import ebml
from streamer.audio.containers.ebml import Element
from streamer.audio.containers.packets import (
    MAX_PACKET_BYTES,
    BrokenStreamError,
    Demuxer,
    Track,
    flac_track,
    opus_track,
)

EBML, SEGMENT, CLUSTER, BLOCK_GROUP = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0xA0
TRACKS, SIMPLE_BLOCK, BLOCK = 0x1654AE6B, 0xA3, 0xA1
_ENTERED = frozenset({SEGMENT, CLUSTER, BLOCK_GROUP})

TRACK_ENTRY, NUMBER, TYPE, CODEC, PRIVATE, AUDIO = 0xAE, 0xD7, 0x83, 0x86, 0x63A2, 0xE1
FREQUENCY, CHANNELS, BIT_DEPTH, ENCODINGS = 0xB5, 0x9F, 0x6264, 0x6D80
SOUND = 2

MAX_TRACKS_BYTES = 1 << 20

_AGAIN = b"\x1a\x45\xdf\xa3"
"""With this a recorder that is started anew begins, be it in the middle of a block of the old."""


class WebmDemuxer(Demuxer):
    """Elements to packets of the first track of sound."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 0
        self._track: int | None = None

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        at = 0
        while True:
            if self._skip:
                passed = min(self._skip, len(self._buffer) - at)
                self._skip -= passed
                at += passed
                if self._skip:
                    break
            element = ebml.element_at(self._buffer, at)
            if element is None:
                if len(self._buffer) - at < ebml.LONGEST_HEADER:
                    break
                at = self._found_again(at + 1)
                continue
            taken = self._take(element)
            if taken is None:
                break
            at, packets = taken
            out += packets
        self._buffer = self._buffer[at:]
        return out

    def _take(self, element: Element) -> tuple[int, list[Track | bytes]] | None:
        """Read an element; returns where the next begins, None where not all of it has come."""
        if element.id in _ENTERED:
            return element.body, []
        if element.size is None:
            return self._found_again(element.body), []
        end = element.body + element.size
        if element.id in (SIMPLE_BLOCK, BLOCK):
            return self._block(element.body, end)
        if element.id == TRACKS:
            if element.size > MAX_TRACKS_BYTES:
                raise BrokenStreamError("the list of its tracks is longer than any")
            if len(self._buffer) < end:
                return None
            return end, self._tracks(self._buffer[element.body : end])
        self._skip = element.size
        return element.body, []

    def _block(self, body: int, end: int) -> tuple[int, list[Track | bytes]] | None:
        if len(self._buffer) < min(end, body + ebml.LONGEST_HEADER):
            return None
        track = ebml.number_at(self._buffer, body)
        if track is None or track[0] != self._track or end - body > MAX_PACKET_BYTES:
            self._skip = end - body
            return body, []
        if len(self._buffer) < end:
            return None
        again = self._buffer.find(_AGAIN, body, end)
        if 0 <= again < end - 7 and self._buffer[again + 5] == 0x42:  # `EBMLVersion` and its kin
            return again, []
        flags = track[1] + 2
        if flags >= end:
            return end, []
        return end, list(ebml.unlaced(self._buffer[flags:end]))

    def _tracks(self, body: bytes) -> list[Track | bytes]:
        for entry in ebml.children(body):
            if entry[0] != TRACK_ENTRY:
                continue
            fields = dict(ebml.children(entry[1]))
            if ebml.integer(fields.get(TYPE, b"")) == SOUND:
                if ENCODINGS in fields:
                    raise BrokenStreamError("its sound is encrypted, or packed once more")
                self._track = ebml.integer(fields.get(NUMBER, b""))
                return [_track(fields)]
        raise BrokenStreamError("there is no sound in it")

    def _found_again(self, at: int) -> int:
        """Return where after broken bytes a cluster or another recording begins."""
        places = [self._buffer.find(mark, at) for mark in (_AGAIN, CLUSTER.to_bytes(4))]
        found = [place for place in places if place >= 0]
        return min(found) if found else max(at, len(self._buffer) - 3)


def _track(fields: dict[int, bytes]) -> Track:
    codec = fields.get(CODEC, b"").rstrip(b"\x00").decode("ascii", "replace")
    private = fields.get(PRIVATE, b"")
    audio = dict(ebml.children(fields.get(AUDIO, b"")))
    rate, channels = round(ebml.real(audio.get(FREQUENCY, b""))), audio.get(CHANNELS, b"\x01")
    form = rate, ebml.integer(channels)
    bits = ebml.integer(audio.get(BIT_DEPTH, b""))
    match codec:
        case "A_OPUS":
            return opus_track(private)
        case "A_VORBIS":
            return Track("vorbis", private, *form)
        case "A_FLAC":
            return flac_track(private[8:])
        case "A_MPEG/L3":
            return Track("mp3float", b"", *form)
        case "A_PCM/FLOAT/IEEE":
            return Track("pcm_f32le", b"", *form)
        case "A_PCM/INT/LIT" if bits in (16, 24, 32):
            return Track(f"pcm_s{bits}le", b"", *form)
        case _ if codec.startswith("A_AAC"):
            return Track("aac", private, *form)
        case _:
            raise BrokenStreamError(f"its sound is {codec}, which is not read as a stream")
