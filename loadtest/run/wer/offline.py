"""Sounds at once: the model by itself, without a server or a detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loadtest.cutting import cut
from loadtest.run.wer.noises import Samples
from loadtest.run.wer.sounds import Sound
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.options import DecodeOptions

TOGETHER = 16
"""Sounds in memory."""


def hear_all(
    engine: StepEngine, sounds: Sequence[Callable[[], Sound]], advance: Callable[[float], None]
) -> list[str]:
    """Return the texts, in order. What is too long for the model is cut as the server cuts it."""
    texts: list[str] = []
    for at in range(0, len(sounds), TOGETHER):
        pieces = [_clips(engine, make().samples) for make in sounds[at : at + TOGETHER]]
        owners = [place for place, clips in enumerate(pieces) for _ in clips]
        heard = dict(transcribe(engine, [clip for clips in pieces for clip in clips]))
        lines: list[list[str]] = [[] for _ in pieces]
        for index, owner in enumerate(owners):
            lines[owner].append(heard[index].text)
        texts += [" ".join(filter(None, line)) for line in lines]
        advance(len(pieces))
    return texts


def _clips(engine: StepEngine, samples: Samples) -> list[Clip]:
    if len(samples) > engine.info.max_seconds * SAMPLE_RATE:
        return cut(samples)
    return [Clip(samples, DecodeOptions(engine.info.languages[0]))]
