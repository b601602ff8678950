"""AudioSocket's frames as Asterisk writes them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import numpy as np
import soxr
from sounds import Samples, pcm

from streamer.speech.clip import SAMPLE_RATE

CALL = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
HANG_UP = b"\x00\x00\x00"


def frame(kind: int, payload: bytes = b"") -> bytes:
    return bytes([kind]) + len(payload).to_bytes(2, "big") + payload


def uuid_frame(call: UUID = CALL) -> bytes:
    return frame(0x01, call.bytes)


def voice_frames(samples: Samples, kind: int = 0x10, rate: int = 8000) -> Iterator[bytes]:
    """20 ms each, as Asterisk's own frames."""
    audio = pcm(np.asarray(soxr.resample(samples, SAMPLE_RATE, rate), np.float32))
    size = rate // 50 * 2
    for at in range(0, len(audio), size):
        yield frame(kind, audio[at : at + size])
