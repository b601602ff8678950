"""What whoever counts is told of the dispatcher's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from streamer.dispatch.job import JobKind


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What was given to the engine together, for metrics."""

    kind: JobKind
    clips: int
    audio_s: float
    longest_wait_s: float


class DispatchObserver(Protocol):
    """Whoever counts what the dispatcher does; called on the event loop."""

    def batch_joined(self, report: BatchReport) -> None:
        """Clips have been given to the engine."""
        ...

    def partial_superseded(self) -> None:
        """A partial gave way to a newer job before it was its turn."""
        ...
