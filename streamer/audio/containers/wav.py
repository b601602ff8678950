"""WAV as it comes: one header, then samples."""

from __future__ import annotations

from streamer.audio.containers.packets import (
    MAX_PACKET_BYTES,
    BrokenStreamError,
    Demuxer,
    Track,
)

MAX_CHANNELS = 64

_CODECS = {
    (1, 8): "pcm_u8",
    (1, 16): "pcm_s16le",
    (1, 24): "pcm_s24le",
    (1, 32): "pcm_s32le",
    (3, 32): "pcm_f32le",
    (3, 64): "pcm_f64le",
    (6, 8): "pcm_alaw",
    (7, 8): "pcm_mulaw",
}
"""By WAVE's format tag and bits a sample."""

EXTENSIBLE = 0xFFFE


class WavDemuxer(Demuxer):
    """Chunks to pieces of whole samples. What `data` claims of its length is not believed."""

    def __init__(self) -> None:
        self._buffer = b""
        self._skip = 12
        self._track: Track | None = None
        self._sample_bytes = 0
        self._align = 0  # bytes of a sample of every channel, once samples come

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes."""
        self._buffer += data
        out: list[Track | bytes] = []
        while not self._align:
            passed = min(self._skip, len(self._buffer))
            self._skip -= passed
            self._buffer = self._buffer[passed:]
            if self._skip or len(self._buffer) < 8:
                return out
            kind, size = self._buffer[:4], int.from_bytes(self._buffer[4:8], "little")
            if kind == b"data":
                out.append(self._begun())
                self._buffer = self._buffer[8:]
            elif kind == b"fmt " and size <= 4096:
                if len(self._buffer) < 8 + size:
                    return out
                self._track, self._sample_bytes = _format(self._buffer[8 : 8 + size])
                self._skip = 8 + size + size % 2
            else:
                self._skip = 8 + size + size % 2
        step = MAX_PACKET_BYTES - MAX_PACKET_BYTES % self._align
        whole = len(self._buffer) - len(self._buffer) % self._align
        out += [self._buffer[at : min(at + step, whole)] for at in range(0, whole, step)]
        self._buffer = self._buffer[whole:]
        return out

    def _begun(self) -> Track:
        if self._track is None:
            raise BrokenStreamError("its samples come before their format")
        self._align = self._sample_bytes * self._track.channels
        return self._track


def _format(body: bytes) -> tuple[Track, int]:
    """Read how samples are written, and the bytes of one; raises BrokenStreamError."""
    if len(body) < 16:
        raise BrokenStreamError("the format of its samples is cut short")
    tag, channels = (int.from_bytes(body[at : at + 2], "little") for at in (0, 2))
    rate, bits = int.from_bytes(body[4:8], "little"), int.from_bytes(body[14:16], "little")
    if tag == EXTENSIBLE:
        tag = int.from_bytes(body[24:26], "little")
    codec = _CODECS.get((tag, bits))
    if codec is None or not 0 < channels <= MAX_CHANNELS:
        claim = f"format {tag}, {bits} bits, {channels} channels"
        raise BrokenStreamError(f"its samples are of {claim}, which is not read as a stream")
    return Track(codec, b"", rate, channels), bits // 8
