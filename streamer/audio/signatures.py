"""What bytes are, told by their first ones: containers of audio, and what is no audio at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum

HEAD_BYTES = 4096
"""Enough to tell, with two frames of every MP3 and ADTS stream that starts with one."""


class Container(StrEnum):
    """Ways of wrapping audio, by the names that people know."""

    WEBM = "WebM or Matroska"
    OGG = "Ogg"
    MP4 = "MP4"
    MP3 = "MP3"
    ADTS = "AAC (ADTS)"
    FLAC = "FLAC"
    WAV = "WAV"
    AMR_NB = "AMR"
    AMR_WB = "AMR-WB"
    AIFF = "AIFF"
    AU = "AU"
    CAF = "CAF"
    ASF = "WMA (ASF)"
    FLV = "FLV"


_AT_START: list[tuple[bytes, Container]] = [
    (b"\x1a\x45\xdf\xa3", Container.WEBM),
    (b"OggS", Container.OGG),
    (b"fLaC", Container.FLAC),
    (b"#!AMR-WB\n", Container.AMR_WB),
    (b"#!AMR\n", Container.AMR_NB),
    (b"caff\x00\x01", Container.CAF),
    (b".snd\x00\x00\x00", Container.AU),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container.ASF),
    (b"FLV\x01", Container.FLV),
    (b"ID3\x02", Container.MP3),
    (b"ID3\x03", Container.MP3),
    (b"ID3\x04", Container.MP3),
]

_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"wide", b"skip")
"""First boxes of MP4 files; of all but the first two only where the length makes sense."""

_OTHERS: list[tuple[bytes, str]] = [
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive, or an office document"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff\xe0", "a JPEG image"),
    (b"\xff\xd8\xff\xe1", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
]

# ISO 11172-3 and 13818-3, layer III: kbit/s by index, of MPEG-1 and of MPEG-2 and 2.5; Hz.
_MP3_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}

ADTS_RATES = 13
"""Rate indices from here on are reserved."""


def container_of(head: bytes) -> Container | None:
    """Tell a container by the first bytes of a file or stream, None where they are of none."""
    for magic, container in _AT_START:
        if head.startswith(magic):
            return container
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return Container.WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Container.AIFF
    if head[4:8] in _BOXES and (head[4:8] in _BOXES[:2] or 8 <= int.from_bytes(head[:4]) < 1 << 24):
        return Container.MP4
    if _chained(head, mp3_frame_bytes):
        return Container.MP3
    return Container.ADTS if _chained(head, adts_frame_bytes) else None


def other_kind_of(head: bytes) -> str | None:
    """Tell what is no audio at all, in words; None where it may be some."""
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if not head or not _is_text(head):
        return None
    text = head.lstrip()
    if text[:1] in b"{[" and _begins_json(text):
        return "JSON"
    if text[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "text"


def mp3_frame_bytes(header: bytes) -> int | None:
    """Return the length of a layer III frame by its first four bytes, None if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version = header[1] >> 3 & 3
    bits, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bits in (0, 15) or rate == 3 or header[3] & 3 == 2:
        return None
    first = version == 3
    kbits = _MP3_KBITS[first][bits]
    samples_8 = 144 if first else 72
    return samples_8 * kbits * 1000 // _MP3_RATES[version][rate] + (header[2] >> 1 & 1)


def mp3_seconds(head: bytes) -> float | None:
    """Return how long an MP3 file is by the count of frames in its first one, if that has one."""
    head = head[id3_bytes(head) :]
    at = max(head.find(b"Xing", 0, 64), head.find(b"Info", 0, 64))
    if mp3_frame_bytes(head) is None or at < 0 or not head[at + 7 : at + 8] or not head[at + 7] & 1:
        return None
    version = head[1] >> 3 & 3
    samples = 1152 if version == 3 else 576
    frames = int.from_bytes(head[at + 8 : at + 12])
    return frames * samples / _MP3_RATES[version][head[2] >> 2 & 3]


def adts_frame_bytes(header: bytes) -> int | None:
    """Return the length of an ADTS frame by its first six bytes, None if it is none."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if header[2] >> 2 & 15 < ADTS_RATES and length > 7 else None


def id3_bytes(head: bytes) -> int:
    """Return how long an ID3v2 tag is by its first ten bytes, 0 where there is none."""
    if head[:3] != b"ID3" or len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _chained(head: bytes, frame_bytes: Callable[[bytes], int | None]) -> bool:
    """Tell whether two headers stand as far apart as the first of them says, and agree."""
    length = frame_bytes(head[:6])
    if length is None or len(head) < length + 6:
        return False
    following = head[length : length + 6]
    return frame_bytes(following) is not None and following[1] == head[1]


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\n\r" for byte in head) and _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(head) - 4
    return True


def _begins_json(text: bytes) -> bool:
    try:
        json.JSONDecoder().raw_decode(text.decode("utf-8", "ignore"))
    except ValueError:
        return len(text) >= HEAD_BYTES and b'":' in text  # too long to be seen whole
    return True
