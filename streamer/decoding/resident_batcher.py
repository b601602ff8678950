"""Continuous batching on a device: all rows in one call, those that join with their prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamer.decoding.drafts import AHEAD, Draft
from streamer.decoding.features import bucket
from streamer.decoding.grouping import next_group
from streamer.decoding.request import DecodedOrError, Request
from streamer.decoding.resident import CALL_SIZES, ResidentModel, ResidentRows
from streamer.decoding.row import Row
from streamer.decoding.step_engine import EngineWork

MAX_ROWS = 64
_WARMED_WIDTHS = (64, 32, 16, 1 + AHEAD, 1)
"""Tokens a row of the decoder calls run once before the first clip: prompts, drafts, steps."""
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
        longest: int | None = None,
    ) -> None:
        """Take clips whose features are at most `longest`, the last bucket where nothing is said.

        The bucket that holds them is what there is room for.
        """
        self.work = EngineWork()
        self._eos = eos
        self._features = model.features
        self._columns = min(model.positions, MAX_COLUMNS)
        buckets = model.features.buckets
        room = bucket(longest or buckets[-1], buckets)
        self._rows = ResidentRows(model, rows=rows, columns=self._columns, longest=room)
        self.reset()

    @property
    def device(self) -> str:
        """Where the rows lie: cpu or cuda."""
        return self._rows.device

    @property
    def free_slots(self) -> int:
        """How many clips may join now."""
        return self._rows.rows - len(self._clips) - len(self._waiting)

    def join(self, key: int, request: Request) -> None:
        """Take in a clip."""
        self._waiting.append((key, request))

    def step(self) -> list[tuple[int, DecodedOrError]]:
        """Encode who waits and advance everybody; return what ended."""
        if self._waiting:
            self._encode()
        if not self._clips:
            return []
        fed: list[list[int]] = [[] for _ in range(self._rows.rows)]
        for place, row in self._clips.items():
            fed[place] = row.fed()
        aligned = any(row.aligned for row in self._clips.values())
        self.work.calls += 1
        chosen = self._rows.decode(fed, aligned=aligned)
        gone: list[tuple[int, DecodedOrError]] = []
        for place, row in list(self._clips.items()):
            attention = None
            if chosen.attention is not None:
                attention = chosen.attention[place, :, : int(self._rows.frames[place])]
            self._rows.past[place] += row.accept(
                fed[place],
                chosen.tokens[place],
                chosen.log_probability[place],
                attention,
                eos=self._eos,
                work=self.work,
            )
            decoded = row.result(self._eos)
            if decoded is not None:
                del self._clips[place]
                gone.append((row.key, decoded))
        return gone

    def drop(self, key: int) -> None:
        """Forget a clip."""
        self._waiting = [item for item in self._waiting if item[0] != key]
        self._clips = {place: row for place, row in self._clips.items() if row.key != key}

    def reset(self) -> None:
        """Forget every clip. What lies on the device is overwritten by those that follow."""
        self._waiting: list[tuple[int, Request]] = []
        self._clips: dict[int, Row] = {}

    def warm(self, prompt: Sequence[int]) -> None:
        """Run every shape once, the largest first: memory then has what it will ever need."""
        for length in reversed(self._features.buckets):
            if length <= self._rows.longest:
                for count in reversed(CALL_SIZES):
                    silence = [np.zeros((*self._features.bins, length), np.float32)] * count
                    places = [min(i, self._rows.rows - 1) for i in range(count)]
                    self._rows.encode(silence, places)
        self._rows.past[:] = 0
        for width in _WARMED_WIDTHS:
            fed = [*prompt, *[0] * width][:width]
            for aligned in (True, False):
                self._rows.decode([fed], aligned=aligned)

    def _encode(self) -> None:
        """Encode some of those who wait."""
        group, self._waiting = next_group(self._waiting, self._padded_length)
        free = (place for place in range(self._rows.rows) if place not in self._clips)
        places = [place for place, _ in zip(free, group, strict=False)]
        features = [self._features.make(request) for _, request in group]
        self._rows.encode(features, places)
        self.work.encoded([len(request.samples) for _, request in group])
        for place, (key, request) in zip(places, group, strict=True):
            most = request.limited(self._columns - len(request.prompt))
            self._clips[place] = Row(
                key=key,
                prompt=request.prompt,
                max_tokens=most,
                draft=Draft(request.draft),
                aligned=request.aligned,
            )

    def _padded_length(self, request: Request) -> int:
        return bucket(self._features.length(request), self._features.buckets)
