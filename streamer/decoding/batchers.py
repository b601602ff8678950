"""Clips in flight on a model, whatever its contract: they join, advance and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.continuous import ContinuousDecoder, Entry
from streamer.decoding.encoder_pool import EncoderPool
from streamer.decoding.ragged import Encoded, RaggedModel
from streamer.decoding.request import Decoded, Request
from streamer.engines.base import EngineWork
from streamer.families.cohere.features import log_mel
from streamer.families.cohere.incremental import IncrementalFeatures
from streamer.families.cohere.published import MAX_ROWS as MAX_GROUP
from streamer.families.cohere.published import PublishedModel, recognise_in_groups

MAX_ROWS = 16
"""Rows decoded together."""
PADDING = 1.15
"""Frames encoded, padding included, over frames that count: how unlike clips may be that a GPU
encodes together."""


AHEAD = 2
"""Clips, the one that is being encoded and those that wait for it, per pass at a time on a CPU."""


class Batcher(Protocol):
    """Keys are the caller's. After an error only `reset` may follow."""

    @property
    def work(self) -> EngineWork:
        """What was done so far, over every `reset`."""
        ...

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

    A CPU encodes clip by clip, `passes` of them at a time, while others are being decoded: it is
    bound by arithmetic and would gain nothing by batches, so a long clip keeps nobody waiting, none
    pays for padding, and one that is dropped in time costs nothing. A GPU encodes clips of like
    length together, as part of a step.
    """

    def __init__(self, model: RaggedModel, eos: int, passes: int = 1) -> None:
        self.work = EngineWork()
        self._model = model
        self._eos = eos
        self._passes = passes
        self._encodes_many = model.encoder.device == "cuda"
        self._grown = IncrementalFeatures()
        self._crew = EncoderPool(self._encode, passes)
        self.reset()

    @property
    def room(self) -> int:
        """How many clips may join now.

        Few wait for the encoder here: where they wait to join, a final overtakes partials.
        """
        if self._encodes_many:
            return self._decoder.room - len(self._waiting)
        return min(self._decoder.room, AHEAD * self._passes) - len(self._crew)

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        if self._encodes_many:
            self._waiting += requests
            return
        for key, request in requests:
            self._crew.put(key, request)

    def step(self) -> list[tuple[int, Decoded]]:
        """Let who is encoded join the decoder, advance it, and return what ended."""
        entries = self._encoded_together() if self._encodes_many else self._encoded_by_crew()
        ended = self._decoder.join(entries) if entries else []
        return ended + self._decoder.step() if len(self._decoder) else ended

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._waiting = [item for item in self._waiting if item[0] != key]
        self._crew.drop(key)
        self._decoder.drop(key)

    @property
    def calls(self) -> int:
        """Decoder calls since the last `reset`."""
        return self._decoder.calls

    def reset(self) -> None:
        """Forget every clip."""
        self._waiting: list[tuple[int, Request]] = []
        self._crew.close()
        self._crew = EncoderPool(self._encode, self._passes)
        self._decoder = ContinuousDecoder(self._model, self._eos, MAX_ROWS, self.work)

    def _encoded_by_crew(self) -> list[Entry]:
        ready = self._crew.take(wait=len(self._decoder) == 0)
        self.work.frames += sum(one.request.frames for one in ready)
        return [_entry(one.key, one.request, one.encoded) for one in ready]

    def _encoded_together(self) -> list[Entry]:
        if not self._waiting:
            return []
        count = of_like_length(self._waiting)
        admitted, self._waiting = self._waiting[:count], self._waiting[count:]
        encoded = self._model.encode([self._features(request) for _, request in admitted])
        frames = [request.frames for _, request in admitted]
        self.work.frames += sum(frames)
        self.work.padding += count * max(frames) - sum(frames)
        return [
            _entry(key, request, clip)
            for clip, (key, request) in zip(encoded, admitted, strict=True)
        ]

    def _encode(self, request: Request) -> Encoded:
        (encoded,) = self._model.encode([self._features(request)])
        return encoded

    def _features(self, request: Request) -> NDArray[np.float32]:
        if request.growing is None:
            return log_mel(request.samples)
        return self._grown.log_mel(request.growing, request.samples)


def _entry(key: int, request: Request, encoded: Encoded) -> Entry:
    return Entry(key, encoded, request.prompt, request.draft, request.aligned)


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
        self.work = EngineWork()
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
        # Only equally long clips are encoded together, so nothing is padded.
        self.work.frames += sum(clip.frames for clip in clips)
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
