"""What every engine is to the rest of the house: clips in, hypotheses out.

The scheduler knows only these types, so one server runs on a local ONNX model, an upstream
API or a cluster of replicas alike. An engine knows nothing of sessions or connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hz. The one rate that the model family takes (Cohere Transcribe 03-2026, feature extractor)."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Audio to transcribe in one pass.

    `samples` is (n,) float32 mono at `SAMPLE_RATE`, in [-1, 1]. Whoever makes a clip hands the
    array over: nobody may write to it afterwards. `draft` is the tokens of a hypothesis for less
    of the same audio: an engine may check them at once instead of one by one, and its answer never
    depends on them. `words` asks for each word's time, where `EngineInfo.word_timings` says that
    the model can tell. `growing` names an utterance of which more is to come: all clips of a name
    begin with the same samples, so that an engine may keep what it made of them, and its answer may
    differ by what 1e-5 of noise makes.
    """

    samples: NDArray[np.float32]
    language: str
    punctuation: bool
    draft: tuple[int, ...] = ()
    words: bool = False
    growing: str | None = None

    @property
    def exact(self) -> bool:
        """Whether the answer is what the reference would say, to the last bit of noise."""
        return self.growing is None

    @property
    def seconds(self) -> float:
        """The clip's length in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is displayed, its punctuation attached, and when it was said.

    `start` and `end` are seconds from the clip's start. `confidence` is the geometric mean of the
    probabilities of the word's tokens, 0 to 1.
    """

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model heard in a clip.

    `tokens` are vocabulary ids without the prompt and the end token. `confidence` is the
    geometric mean of the chosen tokens' probabilities, end token included, 0 to 1. `words` is None
    where they were not asked for, or the model cannot tell; joined by spaces they are the text.
    """

    text: str
    tokens: tuple[int, ...]
    confidence: float
    words: tuple[Word, ...] | None = None


NOTHING_HEARD = Hypothesis(text="", tokens=(), confidence=1.0)
"""The hypothesis for a clip that no model needs to see."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What users are told about a loaded model."""

    name: str
    languages: tuple[str, ...]
    provider: str
    precision: str
    max_seconds: float
    demonstration: bool
    word_timings: bool = False
    """Whether hypotheses can tell when each word was said."""


@dataclass(slots=True)
class EngineWork:
    """What an engine has done since it was loaded. Other threads may read it."""

    frames: int = 0
    """Feature frames encoded that count."""
    padding: int = 0
    """Feature frames encoded only because another clip of the batch was longer."""
    drafted: int = 0
    """Tokens of drafts that were checked."""
    accepted: int = 0
    """Tokens of drafts that turned out right."""


@runtime_checkable
class CountsWork(Protocol):
    """An engine that counts what it does."""

    @property
    def work(self) -> EngineWork:
        """The running totals."""
        ...


class Engine(Protocol):
    """A loaded speech model, advanced step by step so that clips may join and leave between steps.

    Blocks, and belongs to one thread at a time. A clip's text never depends on the clips that it
    shares the engine with.
    """

    @property
    def info(self) -> EngineInfo:
        """Name, languages and where it runs; constant for the engine's life."""
        ...

    @property
    def room(self) -> int:
        """How many clips may join now; 0 where those in flight must end first."""
        ...

    def join(self, clips: Sequence[tuple[int, Clip]]) -> None:
        """Take in at most `room` clips, each with a key of the caller's that no other has.

        Raises whatever the runtime raises: `reset` is then all that may follow.
        """
        ...

    def step(self) -> list[tuple[int, Hypothesis]]:
        """Advance the clips in flight, and return those that ended, by key.

        Raises like `join`. With nothing in flight it does nothing.
        """
        ...

    def drop(self, key: int) -> None:
        """Forget a clip in flight whose text nobody wants any more."""
        ...

    def reset(self) -> None:
        """Forget every clip in flight."""
        ...
