"""Clips in flight on a model, whatever its contract: they join, advance and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.engine.features import log_mel
from streamer.engine.growing import GrowingFeatures
from streamer.engine.onnx.continuous import ContinuousDecoder, Entry
from streamer.engine.onnx.decoding import Decoded, Request
from streamer.engine.onnx.own import OwnModel
from streamer.engine.onnx.published import MAX_ROWS as MAX_GROUP
from streamer.engine.onnx.published import PublishedModel, recognise_in_groups

MAX_ROWS = 16
"""Rows decoded together."""
PADDING = 1.15
"""Frames encoded, padding included, over frames that count: how unlike clips may be that a GPU
encodes together."""


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
    """Our own contract: clips join and leave between any two decoder calls.

    A clip that joins waits for its encoder pass, which is part of a step. A CPU encodes one clip a
    step: it is bound by arithmetic and would gain nothing by more at once, so clips that are being
    decoded wait for one encoder pass at most, none pays for padding, and one that is dropped in
    time costs nothing.
    """

    def __init__(self, model: OwnModel, eos: int) -> None:
        self._model = model
        self._eos = eos
        self._encodes_many = model.encoder.device == "cuda"
        self._grown = GrowingFeatures()
        self.reset()

    @property
    def room(self) -> int:
        """How many clips may join now."""
        return self._decoder.room - len(self._waiting)

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        self._waiting += requests

    def step(self) -> list[tuple[int, Decoded]]:
        """Encode who waits, advance who does not, and return what ended."""
        ended = self._admit() if self._waiting else []
        return ended + self._decoder.step() if len(self._decoder) else ended

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._waiting = [item for item in self._waiting if item[0] != key]
        self._decoder.drop(key)

    @property
    def calls(self) -> int:
        """Decoder calls since the last `reset`."""
        return self._decoder.calls

    def reset(self) -> None:
        """Forget every clip."""
        self._waiting: list[tuple[int, Request]] = []
        self._decoder = ContinuousDecoder(self._model, self._eos, MAX_ROWS)

    def _admit(self) -> list[tuple[int, Decoded]]:
        count = of_like_length(self._waiting) if self._encodes_many else 1
        admitted, self._waiting = self._waiting[:count], self._waiting[count:]
        encoded = self._model.encode([self._features(request) for _, request in admitted])
        return self._decoder.join(
            [
                Entry(key, clip, request.prompt, request.draft, request.aligned)
                for clip, (key, request) in zip(encoded, admitted, strict=True)
            ]
        )

    def _features(self, request: Request) -> NDArray[np.float32]:
        if request.growing is None:
            return log_mel(request.samples)
        return self._grown.log_mel(request.growing, request.samples)


def of_like_length(waiting: Sequence[tuple[int, Request]]) -> int:
    """Count the first of the clips that waste little on padding when they are encoded together."""
    longest = total = 0
    for count, (_, request) in enumerate(waiting):
        longest = max(longest, request.frames)
        total += request.frames
        if longest * (count + 1) > PADDING * total:
            return count
    return len(waiting)


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
