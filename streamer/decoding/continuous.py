"""Continuous batching with drafts: rows join and leave between decoder calls.

A row joins with its prompt and, where there is one, a draft: what an earlier pass over less of the
same audio gave. The decoder checks the whole draft in one call. The row keeps the draft as far as
greedy decoding gives the same, and goes on from there; where the draft agrees again further on, its
rest is checked a few tokens a call. So the result never depends on the draft, nor on who shares the
batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streamer.decoding.drafts import Draft
from streamer.decoding.ragged import Answer, Encoded, RaggedModel
from streamer.decoding.request import Decoded
from streamer.decoding.row import Row
from streamer.decoding.slots import Slots
from streamer.engines.base import EngineWork


@dataclass(frozen=True, slots=True)
class Entry:
    """A clip that joins: `key` is the caller's, and comes back with the result."""

    key: int
    encoded: Encoded
    prompt: Sequence[int]
    draft: Sequence[int] = ()
    aligned: bool = False
    """Whether `Decoded.heard` is wanted, of a model that aligns."""


class ContinuousDecoder:
    """Rows in flight on one model. Used by one thread at a time."""

    def __init__(
        self, model: RaggedModel, eos: int, capacity: int, work: EngineWork | None = None
    ) -> None:
        """Count drafts in `work`, where somebody wants to know."""
        self._model = model
        self._work = work or EngineWork()
        self._eos = eos
        self._slots = Slots(model.layers, model.heads, model.head_size, capacity)
        self._rows: list[Row] = []
        self.calls = 0
        """Decoder calls so far."""

    def __len__(self) -> int:
        """Rows in flight."""
        return len(self._rows)

    @property
    def room(self) -> int:
        """How many more rows may join."""
        return self._slots.capacity - len(self._rows)

    def join(self, entries: Sequence[Entry]) -> list[tuple[int, Decoded]]:
        """Let clips join, at most `room`; return those that end at once."""
        first = len(self._rows)
        fed: list[list[int]] = []
        for entry in entries:
            self._slots.add(entry.encoded)
            room = self._model.positions - len(entry.prompt)
            row = Row(entry.key, room, Draft(entry.draft), entry.aligned)
            self._rows.append(row)
            fed.append(row.first_fed(entry.prompt))
        answer = self._call(first, fed)
        for line, (entry, tokens) in enumerate(zip(entries, fed, strict=True)):
            self._accept(first + line, answer, line, len(entry.prompt), tokens)
        return self._leave()

    def step(self) -> list[tuple[int, Decoded]]:
        """Advance every row, by a token or as far as its draft is right; return those that end."""
        fed = [row.fed() for row in self._rows]
        answer = self._call(0, fed)
        for place, tokens in enumerate(fed):
            self._accept(place, answer, place, 1, tokens)
        return self._leave()

    def drop(self, key: int) -> None:
        """Forget a row whose result nobody waits for any more."""
        for place in reversed(range(len(self._rows))):
            if self._rows[place].key == key:
                self._remove(place)

    def _call(self, first: int, fed: Sequence[Sequence[int]]) -> Answer:
        """Feed the rows from `first` on, shorter ones padded on the right."""
        tokens = np.zeros((len(fed), max(map(len, fed))), np.int64)
        for place, some in enumerate(fed):
            tokens[place, : len(some)] = some
        slots = self._slots
        self.calls += 1
        return self._model.decode(
            tokens,
            slots.lengths[first:],
            slots.frames[first:],
            slots.own(first),
            slots.cross(first),
            aligned=any(row.aligned for row in self._rows[first:]),
        )

    def _accept(
        self, place: int, answer: Answer, line: int, given: int, fed: Sequence[int]
    ) -> None:
        row, attention = self._rows[place], None
        if answer.attention is not None:
            attention = answer.attention[line, :, : int(self._slots.frames[place])]
        used = row.accept(
            fed,
            given,
            answer.chosen[line],
            answer.log_probability[line],
            attention,
            eos=self._eos,
            work=self._work,
        )
        self._slots.append(place, [part[line] for part in answer.new], used)

    def _leave(self) -> list[tuple[int, Decoded]]:
        gone: list[tuple[int, Decoded]] = []
        for place in reversed(range(len(self._rows))):
            row = self._rows[place]
            decoded = row.result(self._eos)
            if decoded is not None:
                self._remove(place)
                gone.append((row.key, decoded))
        return gone

    def _remove(self, place: int) -> None:
        self._slots.remove(place)
        self._rows[place] = self._rows[-1]
        self._rows.pop()
