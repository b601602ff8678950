"""What a model's graphs say of themselves in their metadata."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from streamer.decoding.word_times import FrameTimes
from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph
from streamer.speech.clip import MAX_CLIP_S, SAMPLE_RATE

MODEL_TYPE = "moonshine"

FRAME_SAMPLES = 64 * 3 * 2
"""From one encoder frame to the next: the strides of the three convolutions."""
LEAST_SAMPLES = 127 + 64 * (7 - 1 + 3 * (3 - 1))
"""That make one frame: as many as it sees."""
FRAME_MIDDLE = LEAST_SAMPLES // 2
"""Of frame 0, in samples from the clip's start."""
MAX_SECONDS = 35.0
"""Up to which the base model is good: clips of 33 s had no more errors than others, at 45 s there
were a half more, at 62 s words of the middle were missing."""
TAIL_SECONDS = 0.3
"""Of silence behind the samples, without which short clips repeat their last word for ever."""
TOKENS_PER_SECOND = 6.5
"""The most that the vendor allows, end token included. Speech measured has up to 5.7."""
LEAST_TOKENS = 8
"""That are allowed however short the clip: 6.5 a second alone would cut a number in half."""
START_TOKEN, END_TOKEN = 1, 2
"""Of every published model: the whole prompt, and what ends a text."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Limits and sizes of a model."""

    name: str
    languages: tuple[str, ...]
    frames: FrameTimes
    least_samples: int
    """That make one frame."""
    tail: int
    """Zeros that go behind a clip's samples."""
    max_seconds: float
    """Of a clip, up to which the model is good."""
    prompt: int
    end: int
    tokens_per_second: float
    least_tokens: int

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph) -> Numbers:
        """Read them. Raises ModelError that names what is missing."""
        for graph in (encoder, decoder):
            if graph.metadata.get("model_type") != MODEL_TYPE:
                raise ModelError(f"{graph.path} is not a graph that streamer wrote for Moonshine")
        sound, tokens = _Reader(encoder), _Reader(decoder)
        return cls(
            name=sound.read("name", str),
            languages=tuple(sound.read("languages", str).split()),
            frames=FrameTimes(
                samples=sound.read("samples_per_frame", int),
                middle=sound.read("frame_middle", int),
                lead_s=tokens.read("word_lead_seconds", float),
                lag_s=tokens.read("word_lag_seconds", float),
            ),
            least_samples=sound.read("least_samples", int),
            tail=round(sound.read("tail_seconds", float) * SAMPLE_RATE),
            max_seconds=min(float(MAX_CLIP_S), sound.read("max_seconds", float)),
            prompt=tokens.read("prompt", int),
            end=tokens.read("end_token", int),
            tokens_per_second=tokens.read("tokens_per_second", float),
            least_tokens=tokens.read("least_tokens", int),
        )

    @classmethod
    def published(cls, name: str) -> Numbers:
        """Those of a model whose graphs say nothing, and cannot tell where words are said."""
        return cls(
            name=name,
            languages=("en",),
            frames=FrameTimes(FRAME_SAMPLES, FRAME_MIDDLE, lead_s=0.0, lag_s=0.0),
            least_samples=LEAST_SAMPLES,
            tail=round(TAIL_SECONDS * SAMPLE_RATE),
            max_seconds=MAX_SECONDS,
            prompt=START_TOKEN,
            end=END_TOKEN,
            tokens_per_second=TOKENS_PER_SECOND,
            least_tokens=LEAST_TOKENS,
        )

    def max_tokens(self, seconds: float) -> int:
        """Say how many tokens so much speech may have, the end token among them."""
        return max(self.least_tokens, math.ceil(seconds * self.tokens_per_second))


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self._metadata: Mapping[str, str] = graph.metadata
        self._path = graph.path

    def read(self, key: str, kind: Callable[[str], _T]) -> _T:
        try:
            return kind(self._metadata[f"streamer.{key}"])
        except (KeyError, ValueError) as error:
            raise ModelError(f"{self._path} does not say its streamer.{key}") from error
