"""A second of speech to ask a server how it is: one that hangs may still say that it is well."""

from __future__ import annotations

from streamer.audio.files import AudioFile
from streamer.models.places import SAMPLE
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.options import DecodeOptions


def probe(language: str) -> Clip:
    """Make the clip from the sample that comes with the package."""
    blocks = AudioFile(SAMPLE, SAMPLE_RATE).blocks(1.0)
    try:
        samples = next(blocks)[:SAMPLE_RATE]
    finally:
        blocks.close()
    return Clip(samples.copy(), DecodeOptions(language))
