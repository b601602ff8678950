"""What every engine is to the rest of the house: clips in, hypotheses out.

The dispatcher knows only `Engine`, so one server runs on a local model, an upstream API or a
cluster of replicas alike. An engine knows nothing of sessions or connections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from streamer.decoding.step_engine import EngineWork
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Outcome

Done = Callable[[Outcome], None]
"""Told how a clip ended; called once, from any thread, and must not block."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much an engine can take at a moment.

    `free` clips may be submitted now, of `slots` that may be in flight. `busy_s` is how many
    seconds' worth of everything that it can do it has done so far: half a second at a time when it
    is half full. `trouble` says in two words why nothing is transcribed, `dead` that nothing ever
    will be.
    """

    free: int
    slots: int
    busy_s: float
    trouble: str | None = None
    dead: bool = False
    ahead: int = 0
    """How many more may be submitted that have time, to wait in the engine for a place."""
    partial_every_s: float = 0.0
    """Least time between two clips of an utterance that grows, of which there is then one in flight
    at most; with 0, whoever submits need not mind."""


class Engine(Protocol):
    """Takes clips one by one, and answers each in its own time. Never blocks.

    `submit`, `cancel` and `capacity` are called on the event loop, or by whoever calls `on_change`.
    """

    @property
    def info(self) -> EngineInfo:
        """Name, languages and where it runs; constant for the engine's life."""
        ...

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin, on the event loop.

        `on_change` is called, from any thread, when there may be free places.
        """
        ...

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Transcribe a clip, known by a key of the caller's that no other in flight has."""
        ...

    def cancel(self, key: int) -> None:
        """Forget a clip; `done` may yet be called for one that is just ending."""
        ...

    def capacity(self) -> Capacity:
        """Tell how much it can take now."""
        ...

    async def close(self) -> None:
        """Let what cannot be broken off end, forget the rest, and be gone."""
        ...


@runtime_checkable
class PostingEngine(Engine, Protocol):
    """An engine that asks another server for each clip, and tells how that went."""

    on_post: Callable[[str, float], None]
    """Told how each post ended, in a word or a status, and after how many seconds."""


@runtime_checkable
class MeasuredEngine(Engine, Protocol):
    """An engine that advances step by step, and tells what that takes."""

    on_step: Callable[[float], None] | None
    """Told how long each step took, in seconds, by whichever thread knows."""

    @property
    def work(self) -> EngineWork:
        """What the model counts itself; zeros where it does not."""
        ...
