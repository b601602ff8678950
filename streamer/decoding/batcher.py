"""Clips in flight on a model, whatever its contract: they join, advance and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streamer.decoding.request import DecodedOrError, Request
from streamer.decoding.step_engine import EngineWork


class Batcher(Protocol):
    """Keys are the caller's. After an error only `reset` may follow."""

    @property
    def work(self) -> EngineWork:
        """What was done so far, over every `reset`."""
        ...

    @property
    def free_slots(self) -> int:
        """How many clips may join now."""
        ...

    def join(self, key: int, request: Request) -> None:
        """Take in a clip, if there is a free slot."""
        ...

    def step(self) -> Sequence[tuple[int, DecodedOrError]]:
        """Advance, and return what ended; nothing in flight is no error."""
        ...

    def drop(self, key: int) -> None:
        """Forget a clip."""
        ...

    def reset(self) -> None:
        """Forget every clip."""
        ...
