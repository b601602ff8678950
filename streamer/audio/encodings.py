"""Sample encodings that clients send, decoded to float32 in [-1, 1]."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray


class Encoding(StrEnum):
    """How samples are written in bytes: one by one, or compressed."""

    PCM_S16LE = "pcm_s16le"
    PCM_F32LE = "pcm_f32le"
    MULAW = "mulaw"
    ALAW = "alaw"
    CONTAINER = "container"  # a stream that says itself what it is
    OPUS = "opus"  # a packet in each piece of bytes
    AMR_NB = "amr_nb"
    AMR_WB = "amr_wb"

    @property
    def is_compressed(self) -> bool:
        """Whether only a decoder knows how many samples so many bytes are."""
        return self in _COMPRESSED

    @property
    def sample_bytes(self) -> int:
        """Bytes that one sample of one channel takes; raises ValueError for what is compressed."""
        match self:
            case Encoding.PCM_S16LE:
                return 2
            case Encoding.PCM_F32LE:
                return 4
            case Encoding.MULAW | Encoding.ALAW:
                return 1
            case _:
                raise ValueError(f"samples of {self} have no size")


_COMPRESSED = frozenset({Encoding.CONTAINER, Encoding.OPUS, Encoding.AMR_NB, Encoding.AMR_WB})

_S16LE = np.dtype("<i2")  # made once: this runs for every 20 ms of every client
_S16_SCALE = np.float32(1 / 32768)


def decode(encoding: Encoding, data: bytes) -> NDArray[np.float32]:
    """Decode whole samples; float input passes through unchecked, NaN and all."""
    match encoding:
        case Encoding.PCM_S16LE:
            return np.frombuffer(data, _S16LE) * _S16_SCALE
        case Encoding.PCM_F32LE:
            return np.frombuffer(data, "<f4").astype(np.float32, copy=False)
        case Encoding.MULAW:
            return _mulaw_table()[np.frombuffer(data, np.uint8)]
        case Encoding.ALAW:
            return _alaw_table()[np.frombuffer(data, np.uint8)]
        case _:
            raise ValueError(f"{encoding} is decoded as a stream")


@cache
def _mulaw_table() -> NDArray[np.float32]:
    """ITU-T G.711 mu-law, all 256 codes: 14-bit magnitudes scaled to 16 bits."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4) & 7
    mantissa = (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


@cache
def _alaw_table() -> NDArray[np.float32]:
    """ITU-T G.711 A-law, all 256 codes: 13-bit magnitudes scaled to 16 bits."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code >> 4) & 7).astype(np.int32)
    mantissa = (code & 15).astype(np.int32)
    linear = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, linear, (linear + 0x100) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)
