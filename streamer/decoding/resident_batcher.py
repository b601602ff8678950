"""Continuous batching on a device: all rows in one call, those that join with their prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.drafts import AHEAD, Draft
from streamer.decoding.request import Decoded, Request
from streamer.decoding.resident import FRAME_BUCKETS, ResidentModel, ResidentRows
from streamer.decoding.row import Row
from streamer.engines.base import EngineWork
from streamer.families.cohere.features import MEL_BINS, log_mel
from streamer.families.cohere.incremental import IncrementalFeatures

MAX_ROWS = 64
MAX_ENCODED = 16
"""Clips encoded together."""
_WARMED_WIDTHS = (64, 32, 16, 1 + AHEAD, 1)
"""Tokens a row of the decoder calls run once before the first clip: prompts, drafts, steps."""
MAX_SECONDS = 35.0
MAX_COLUMNS = 512
"""Positions of prompt and output on the device: a row that fills them ends."""


class ResidentBatcher:
    """Clips in flight on a device.

    A step encodes who waits, those of like length together, and then makes one decoder call for
    all rows. Places are fixed: a row that leaves frees its own, and nothing moves.
    """

    def __init__(
        self,
        model: ResidentModel,
        eos: int,
        *,
        rows: int = MAX_ROWS,
        seconds: float = MAX_SECONDS,
    ) -> None:
        """Take clips of at most so many `seconds`."""
        self.work = EngineWork()
        self.calls = 0
        """Decoder calls so far."""
        self._eos = eos
        self._columns = min(model.positions, MAX_COLUMNS)
        self._device = ResidentRows(model, rows=rows, columns=self._columns, seconds=seconds)
        self._grown = IncrementalFeatures()
        self.reset()

    @property
    def device(self) -> str:
        """Where the rows lie: cpu or cuda."""
        return self._device.device

    @property
    def room(self) -> int:
        """How many clips may join now."""
        return self._device.rows - len(self._rows) - len(self._waiting)

    def join(self, requests: Sequence[tuple[int, Request]]) -> None:
        """Take in at most `room` clips."""
        self._waiting += requests

    def step(self) -> list[tuple[int, Decoded]]:
        """Encode who waits and advance everybody; return what ended."""
        joined = self._encode() if self._waiting else {}
        if not self._rows:
            return []
        fed: list[list[int]] = [[] for _ in range(self._device.rows)]
        for place, row in self._rows.items():
            prompt = joined.get(place)
            fed[place] = row.fed() if prompt is None else row.first_fed(prompt)
        aligned = any(row.aligned for row in self._rows.values())
        self.calls += 1
        chosen = self._device.decode(fed, aligned=aligned)
        gone: list[tuple[int, Decoded]] = []
        for place, row in list(self._rows.items()):
            attention = None
            if chosen.attention is not None:
                attention = chosen.attention[place, :, : int(self._device.frames[place])]
            self._device.past[place] += row.accept(
                fed[place],
                len(joined.get(place, [0])),
                chosen.tokens[place],
                chosen.log_probability[place],
                attention,
                eos=self._eos,
                work=self.work,
            )
            decoded = row.result(self._eos)
            if decoded is not None:
                del self._rows[place]
                gone.append((row.key, decoded))
        return gone

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._waiting = [item for item in self._waiting if item[0] != key]
        self._rows = {place: row for place, row in self._rows.items() if row.key != key}

    def reset(self) -> None:
        """Forget every clip. What lies on the device is overwritten by those that follow."""
        self._waiting: list[tuple[int, Request]] = []
        self._rows: dict[int, Row] = {}

    def warm(self, prompt: Sequence[int]) -> None:
        """Run every shape once, the largest first: memory then has what it will ever need."""
        for frames in reversed(FRAME_BUCKETS):
            if frames <= self._device.longest:
                count = MAX_ENCODED
                while count:
                    mels = [np.zeros((MEL_BINS, frames), np.float32)] * count
                    places = [min(i, self._device.rows - 1) for i in range(count)]
                    self._device.encode(mels, places)
                    count //= 2
        self._device.past[:] = 0
        for width in _WARMED_WIDTHS:
            fed = [*prompt, *[0] * width][:width]
            for aligned in (True, False):
                self._device.decode([fed], aligned=aligned)

    def _encode(self) -> dict[int, Sequence[int]]:
        """Encode some of those who wait; return the places that they get, with their prompts."""
        admitted, self._waiting = _of_one_bucket(self._waiting)
        count = len(admitted)
        free = (place for place in range(self._device.rows) if place not in self._rows)
        places = [place for place, _ in zip(free, admitted, strict=False)]
        mels = [self._features(request) for _, request in admitted]
        self._device.encode(mels, places)
        frames = sum(mel.shape[1] for mel in mels)
        self.work.frames += frames
        self.work.padding += count * max(mel.shape[1] for mel in mels) - frames
        for place, (key, request) in zip(places, admitted, strict=True):
            room = self._columns - len(request.prompt)
            if request.max_tokens is not None:
                room = min(room, request.max_tokens)
            self._rows[place] = Row(key, room, Draft(request.draft), request.aligned)
        return {place: request.prompt for place, (_, request) in zip(places, admitted, strict=True)}

    def _features(self, request: Request) -> NDArray[np.float32]:
        if request.growing is None:
            return log_mel(request.samples)
        return self._grown.log_mel(request.growing, request.samples)


def _of_one_bucket(
    waiting: Sequence[tuple[int, Request]],
) -> tuple[list[tuple[int, Request]], list[tuple[int, Request]]]:
    """Split into those padded to the same length as the first, at most MAX_ENCODED, and the rest.

    The first is never passed over, so that nobody waits for ever.
    """

    def bucket(request: Request) -> int:
        return next(i for i, frames in enumerate(FRAME_BUCKETS) if request.frames <= frames)

    first = bucket(waiting[0][1])
    like: list[tuple[int, Request]] = []
    rest: list[tuple[int, Request]] = []
    for item in waiting:
        fits = len(like) < MAX_ENCODED and bucket(item[1]) == first
        (like if fits else rest).append(item)
    return like, rest
