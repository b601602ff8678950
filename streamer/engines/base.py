"""What every engine is to the rest of the house: clips in, hypotheses out.

The scheduler knows only these types, so one server runs on a local ONNX model, an upstream
API or a cluster of replicas alike. An engine knows nothing of sessions or connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from streamer.speech.clip import Clip
from streamer.speech.hypothesis import Hypothesis


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
