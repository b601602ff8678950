"""Clips in flight on a model, whatever its contract: they join, advance and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from streamer.engine.features import log_mel
from streamer.engine.onnx.continuous import MAX_ROWS, ContinuousDecoder, Entry, of_like_length
from streamer.engine.onnx.decoding import Decoded, Request
from streamer.engine.onnx.own import OwnModel
from streamer.engine.onnx.published import MAX_ROWS as MAX_GROUP
from streamer.engine.onnx.published import PublishedModel, recognise_in_groups


class Batcher(Protocol):
    """Keys are the caller's. After an error only `reset` may follow."""

    @property
    def room(self) -> int:
        """How many clips may join now."""
        ...

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        ...

    def step(self) -> list[tuple[int, Decoded]]:
        """Advance, and return what ended; nothing in flight is no error."""
        ...

    def drop(self, key: int) -> None:
        """Forget a clip."""
        ...

    def reset(self) -> None:
        """Forget every clip."""
        ...


class ContinuousBatcher:
    """Our own contract: clips join and leave between any two decoder calls."""

    def __init__(self, model: OwnModel, eos: int) -> None:
        self._model = model
        self._eos = eos
        self._decoder = ContinuousDecoder(model, eos, MAX_ROWS)
        self._ended: list[tuple[int, Decoded]] = []  # in the very call that they joined with

    @property
    def room(self) -> int:
        """How many clips may join now."""
        return self._decoder.room

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        while requests:
            joining = of_like_length(requests)
            requests = requests[len(joining) :]
            encoded = self._model.encode([log_mel(request.samples) for _, request in joining])
            self._ended += self._decoder.join(
                [
                    Entry(key, clip, request.prompt, request.draft)
                    for clip, (key, request) in zip(encoded, joining, strict=True)
                ]
            )

    def step(self) -> list[tuple[int, Decoded]]:
        """Advance, and return what ended."""
        ended, self._ended = self._ended, []
        return ended + self._decoder.step() if len(self._decoder) else ended

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._ended = [(ended, decoded) for ended, decoded in self._ended if ended != key]
        self._decoder.drop(key)

    def reset(self) -> None:
        """Forget every clip."""
        self._ended.clear()
        self._decoder = ContinuousDecoder(self._model, self._eos, MAX_ROWS)


class GroupBatcher:
    """The published contract: rows advance together, so clips join when all others have ended.

    A step lasts until the next clip ends.
    """

    def __init__(self, model: PublishedModel, eos: int) -> None:
        self._model = model
        self._eos = eos
        self._keys: list[int] = []
        self._left: set[int] = set()
        self._running: Iterator[tuple[int, Decoded]] = iter(())

    @property
    def room(self) -> int:
        """How many clips may join now."""
        return 0 if self._left else MAX_GROUP

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        self._keys = [key for key, _ in requests]
        self._left = set(self._keys)
        clips = [request for _, request in requests]
        self._running = recognise_in_groups(self._model, self._eos, clips)

    def step(self) -> list[tuple[int, Decoded]]:
        """Advance, and return what ended."""
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

    def reset(self) -> None:
        """Forget every clip."""
        self._left.clear()
