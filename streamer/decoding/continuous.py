"""Continuous batching with drafts: rows join and leave between decoder calls.

A row joins with its prompt and, where there is one, a draft: what an earlier pass over less of the
same audio gave. The decoder checks the whole draft in one call. The row keeps the draft as far as
greedy decoding gives the same, and goes on from there; where the draft agrees again further on, its
rest is checked a few tokens a call. So the result never depends on the draft, nor on who shares the
batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streamer.decoding.drafts import Draft
from streamer.decoding.ragged import Answer, Encoded, RaggedDecoder
from streamer.decoding.request import DecodedOrError, Request
from streamer.decoding.row import Row
from streamer.decoding.slots import Slots
from streamer.decoding.step_engine import EngineWork
from streamer.onnx.sessions import RUNTIME_ERRORS
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An encoded clip that joins: `key` is the caller's, and comes back with the result."""

    key: int
    request: Request
    encoded: Encoded


class ContinuousDecoder:
    """Rows in flight on one model. Used by one thread at a time."""

    def __init__(
        self, model: RaggedDecoder, eos: int, capacity: int, work: EngineWork | None = None
    ) -> None:
        """Count drafts in `work`, where somebody wants to know."""
        self._model = model
        self._work = work or EngineWork()
        self._eos = eos
        self._slots = Slots(model.layers, model.heads, model.head_size, capacity)
        self._rows: list[Row] = []
        self._failed: dict[int, EngineError] = {}
        self.calls = 0
        """Decoder calls so far."""

    def __len__(self) -> int:
        """Rows in flight."""
        return len(self._rows)

    @property
    def free_slots(self) -> int:
        """How many more rows may join."""
        return self._slots.capacity - len(self._rows)

    def join(self, entries: Sequence[Entry]) -> list[tuple[int, DecodedOrError]]:
        """Let clips join, at most `free_slots`; return those that end at once."""
        first = len(self._rows)
        fed: list[list[int]] = []
        for entry in entries:
            self._slots.add(entry.encoded)
            request = entry.request
            most = request.limited(self._model.positions - len(request.prompt))
            row = Row(entry.key, most, Draft(request.draft), request.aligned)
            self._rows.append(row)
            fed.append(row.first_fed(request.prompt))
        self._advance(first, fed, [len(entry.request.prompt) for entry in entries])
        return self._leave()

    def step(self) -> list[tuple[int, DecodedOrError]]:
        """Advance every row, by a token or as far as its draft is right; return those that end."""
        self._advance(0, [row.fed() for row in self._rows], [1] * len(self._rows))
        return self._leave()

    def drop(self, key: int) -> None:
        """Forget a row whose result nobody waits for any more."""
        for place in reversed(range(len(self._rows))):
            if self._rows[place].key == key:
                self._remove(place)

    def _advance(self, first: int, fed: Sequence[Sequence[int]], given: Sequence[int]) -> None:
        """Feed the rows from `first` on, of which `given` tokens each are no guesses.

        Where that fails, each is fed by itself, so that only whoever is the cause ends with an
        error.
        """
        try:
            answer = self._call(first, fed)
        except RUNTIME_ERRORS as error:
            if len(fed) == 1:
                self._failed[self._rows[first].key] = EngineError(str(error))
                return
            log.warning(
                "a decoder call of %d rows failed; each is tried alone: %s", len(fed), error
            )
            for line in range(len(fed)):
                self._advance(first + line, fed[line : line + 1], given[line : line + 1])
            return
        for line, tokens in enumerate(fed):
            self._accept(first + line, answer, line, given[line], tokens)

    def _call(self, first: int, fed: Sequence[Sequence[int]]) -> Answer:
        """Feed the rows from `first` on, shorter ones padded on the right."""
        tokens = np.zeros((len(fed), max(map(len, fed))), np.int64)
        for place, some in enumerate(fed):
            tokens[place, : len(some)] = some
        slots, rows = self._slots, slice(first, first + len(fed))
        self.calls += 1
        return self._model.decode(
            tokens,
            slots.lengths[rows],
            slots.frames[rows],
            slots.self_attention(rows),
            slots.cross_attention(rows),
            aligned=any(row.aligned for row in self._rows[rows]),
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

    def _leave(self) -> list[tuple[int, DecodedOrError]]:
        gone: list[tuple[int, DecodedOrError]] = []
        for place in reversed(range(len(self._rows))):
            row = self._rows[place]
            decoded = self._failed.pop(row.key, None) or row.result(self._eos)
            if decoded is not None:
                self._remove(place)
                gone.append((row.key, decoded))
        return gone

    def _remove(self, place: int) -> None:
        self._slots.remove(place)
        self._rows[place] = self._rows[-1]
        self._rows.pop()
