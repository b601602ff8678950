"""What the clients' tests say, and what should come of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import numpy as np
import soundfile
import soxr
from sounds import Samples, silence
from synthetic import SAMPLE

from streamer.speech.clip import SAMPLE_RATE

SPOKEN = "good morning, my name is brian woods, how can i help you?"
"""What the sample's first utterance says."""


def speech(rate: int = SAMPLE_RATE) -> Samples:
    """The sample's first utterance, and a second of silence."""
    samples, _ = soundfile.read(SAMPLE, frames=int(4.5 * SAMPLE_RATE), dtype="float32")
    whole = np.concatenate([np.asarray(samples, np.float32), silence(1.0)])
    return np.asarray(soxr.resample(whole, SAMPLE_RATE, rate), np.float32)


async def spoken(data: bytes, bytes_a_second: int) -> AsyncIterator[bytes]:
    """Pieces of 100 ms, a little faster than speech."""
    size = bytes_a_second // 10
    for at in range(0, len(data), size):
        yield data[at : at + size]
        await asyncio.sleep(0.04)


def is_heard(text: str) -> bool:
    """Whether most of the words came through the demonstration model."""
    truth, heard = (set(re.findall(r"[a-z']+", one.lower())) for one in (SPOKEN, text))
    return len(truth & heard) >= 8
