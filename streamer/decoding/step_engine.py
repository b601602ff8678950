"""What a model in this process offers: clips join, advance together, and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Outcome


@dataclass(slots=True)
class EngineWork:
    """What an engine has done since it was loaded. Other threads may read it."""

    encoded_s: float = 0.0
    """Seconds of audio encoded."""
    padding_s: float = 0.0
    """Seconds encoded only because another clip of the batch was longer."""
    calls: int = 0
    """Decoder calls."""
    drafted: int = 0
    """Tokens of drafts that were checked."""
    accepted: int = 0
    """Tokens of drafts that turned out right."""

    def encoded(self, clips: Sequence[int]) -> None:
        """Count clips of so many samples, encoded together."""
        samples = sum(clips)
        self.encoded_s += samples / SAMPLE_RATE
        self.padding_s += (len(clips) * max(clips) - samples) / SAMPLE_RATE

    def __add__(self, other: EngineWork) -> EngineWork:
        return EngineWork(
            self.encoded_s + other.encoded_s,
            self.padding_s + other.padding_s,
            self.calls + other.calls,
            self.drafted + other.drafted,
            self.accepted + other.accepted,
        )


@runtime_checkable
class CountsWork(Protocol):
    """An engine that counts what it does."""

    @property
    def work(self) -> EngineWork:
        """The running totals."""
        ...


class StepEngine(Protocol):
    """A loaded model, advanced step by step so that clips may join and leave between steps.

    Blocks, and belongs to one thread at a time. A clip's text never depends on the clips that it
    shares the engine with.
    """

    @property
    def info(self) -> EngineInfo:
        """As an engine's."""
        ...

    @property
    def free_slots(self) -> int:
        """How many clips may join now; 0 where those in flight must end first."""
        ...

    def join(self, key: int, clip: Clip) -> None:
        """Take in a clip, with a key of the caller's that no other has.

        Raises ValueError for a clip that it cannot take, or what the runtime raises; those in
        flight stay as they are.
        """
        ...

    def step(self) -> Sequence[tuple[int, Outcome]]:
        """Advance the clips in flight, and return how those that ended did, by key.

        A clip that fails ends with an error of its own. What is raised may be due to any of them:
        `reset` is then all that may follow. With nothing in flight it does nothing.
        """
        ...

    def drop(self, key: int) -> None:
        """Forget a clip in flight whose text nobody wants any more."""
        ...

    def reset(self) -> None:
        """Forget every clip in flight."""
        ...
