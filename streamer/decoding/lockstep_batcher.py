"""Batches on published contracts, whose rows all have one age."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from streamer.decoding.request import Decoded, DecodedOrError, Request
from streamer.decoding.step_engine import EngineWork

Recognise = Callable[[Sequence[Request]], Iterator[tuple[int, Decoded]]]
"""Yields the place of a clip and what it decoded to, as clips end."""


class LockstepBatcher:
    """Rows advance together, so clips join when all others have ended.

    A step lasts until the next clip ends.
    """

    def __init__(self, recognise: Recognise, capacity: int) -> None:
        """Take in how many clips may join at a time."""
        self.work = EngineWork()
        self._recognise = recognise
        self._capacity = capacity
        self.reset()

    @property
    def free_slots(self) -> int:
        """How many clips may join now."""
        return 0 if self._left else self._capacity - len(self._waiting)

    def join(self, key: int, request: Request) -> None:
        """Take in a clip."""
        self._waiting.append((key, request))

    def step(self) -> list[tuple[int, DecodedOrError]]:
        """Advance, and return what ended."""
        if not self._left:
            self._begin()
        if not self._left:
            return []
        place, decoded = next(self._running)
        key = self._keys[place]
        if key not in self._left:
            return []
        self._left.remove(key)
        return [(key, decoded)]

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._left.discard(key)
        self._waiting = [item for item in self._waiting if item[0] != key]

    def reset(self) -> None:
        """Forget every clip."""
        self._waiting: list[tuple[int, Request]] = []
        self._keys: list[int] = []
        self._left: set[int] = set()
        self._running: Iterator[tuple[int, Decoded]] = iter(())

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._keys = [key for key, _ in waiting]
        self._left = set(self._keys)
        clips = [request for _, request in waiting]
        for clip in clips:  # only equally long ones are encoded together, so nothing is padded
            self.work.encoded([len(clip.samples)])
        self._running = self._recognise(clips)
