"""A `StepEngine` of a batcher and what a model family knows of text."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from streamer.decoding.batcher import Batcher
from streamer.decoding.request import Decoded, Request
from streamer.decoding.step_engine import EngineWork, StepEngine
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome


class Codec(Protocol):
    """Between clips and rows: a family's prompts, limits and text."""

    def request(self, clip: Clip) -> Request | None:
        """Say how a clip is recognised; None where it can hold no word.

        Raises ValueError for options that the model does not know.
        """
        ...

    def hypothesis(self, clip: Clip, decoded: Decoded | None) -> Hypothesis:
        """Say what a row heard, or that nothing was."""
        ...


class BatchedEngine:
    """A model on ONNX Runtime, whatever its family. Used by one thread at a time."""

    def __init__(self, batcher: Batcher, codec: Codec, info: EngineInfo) -> None:
        self._batcher = batcher
        self._codec = codec
        self._info = info
        self._clips: dict[int, Clip] = {}
        self._nothing: list[int] = []  # clips that no model needs to see

    @property
    def info(self) -> EngineInfo:
        """What users are told."""
        return self._info

    @property
    def work(self) -> EngineWork:
        """What was done since the model was loaded."""
        return self._batcher.work

    @property
    def free_slots(self) -> int:
        """How many clips may join now."""
        return self._batcher.free_slots

    def join(self, key: int, clip: Clip) -> None:
        """Take in a clip.

        Raises ValueError for one above `info.max_seconds`, in a language not in `info.languages`,
        or with samples that are no numbers; and the runtime's own errors.
        """
        request = self.check(clip)
        if request is None:
            self._nothing.append(key)
        else:
            self._batcher.join(key, request)
        self._clips[key] = clip

    def step(self) -> list[tuple[int, Outcome]]:
        """Advance the clips in flight; return those that ended."""
        nothing, self._nothing = self._nothing, []
        ended: list[tuple[int, Outcome]] = [
            (key, self._codec.hypothesis(self._clips.pop(key), None)) for key in nothing
        ]
        for key, decoded in self._batcher.step():
            clip = self._clips.pop(key)
            if isinstance(decoded, Decoded):
                ended.append((key, self._codec.hypothesis(clip, decoded)))
            else:
                ended.append((key, decoded))
        return ended

    def drop(self, key: int) -> None:
        """Forget a clip in flight."""
        if self._clips.pop(key, None) is not None and key in self._nothing:
            self._nothing.remove(key)
        self._batcher.drop(key)

    def reset(self) -> None:
        """Forget every clip in flight."""
        self._clips.clear()
        self._nothing.clear()
        self._batcher.reset()

    def check(self, clip: Clip) -> Request | None:
        """Raise ValueError for a clip that cannot be taken, as `join` does."""
        if len(clip.samples) > self._info.max_seconds * SAMPLE_RATE:
            raise ValueError(
                f"a clip of {clip.seconds:.2f} s is longer than the model's "
                f"{self._info.max_seconds:g} s"
            )
        if not math.isfinite(float(clip.samples.sum())):
            raise ValueError("a clip has samples that are no numbers")
        return self._codec.request(clip)


class ClipFailedError(Exception):
    """A clip has no hypothesis; the message says why."""


def transcribe(engine: StepEngine, clips: Sequence[Clip]) -> Iterator[tuple[int, Hypothesis]]:
    """Yield (index, hypothesis) of any number of clips as they end, with nobody else around.

    Raises what `join` raises, and ClipFailedError.
    """
    waiting = deque(enumerate(clips))
    left = len(clips)
    engine.reset()
    while left:
        for key, clip in [waiting.popleft() for _ in range(min(engine.free_slots, len(waiting)))]:
            engine.join(key, clip)
        for key, outcome in engine.step():
            if isinstance(outcome, EngineError):
                raise ClipFailedError(outcome.message)
            left -= 1
            yield key, outcome
