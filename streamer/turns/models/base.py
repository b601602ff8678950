"""What a turn model is to a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.turns.rules import TurnRule


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a rule takes it that the speaker has finished."""

    auto: float
    fast: float
    patient: float

    def of(self, rule: TurnRule) -> float:
        """Return that of a rule; `silence` asks no model."""
        match rule:
            case TurnRule.FAST:
                return self.fast
            case TurnRule.PATIENT:
                return self.patient
            case _:
                return self.auto


@dataclass(frozen=True, slots=True)
class TurnModelInfo:
    """What a session and its client are told of a turn model."""

    name: str
    languages: frozenset[str]
    thresholds: Thresholds


class TurnModel(Protocol):
    """Judges one pause at a time; knows nothing of earlier ones, so any thread may call it."""

    @property
    def info(self) -> TurnModelInfo:
        """The model's own description."""
        ...

    def probability(self, samples: NDArray[np.float32]) -> float:
        """Return how likely it is, 0 to 1, that the speaker has finished.

        `samples` is (n,) in [-1, 1] at 16 kHz: the whole turn, and the first 100 to 200 ms of
        what followed it, as the microphone gave them.
        """
        ...
