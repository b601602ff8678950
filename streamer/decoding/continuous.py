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
from itertools import pairwise

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
        """Count calls and drafts in `work`."""
        self._model = model
        self.work = work or EngineWork()
        self._eos = eos
        self._slots = Slots(model.layers, model.heads, model.head_size, capacity)
        self._rows: list[Row] = []
        self._failed: dict[int, EngineError] = {}

    def __len__(self) -> int:
        """Rows in flight."""
        return len(self._rows)

    @property
    def free_slots(self) -> int:
        """How many more rows may join."""
        return self._slots.capacity - len(self._rows)

    @property
    def in_no_hurry(self) -> bool:
        """Whether every row is of a clip that may wait for company."""
        return all(row.patient for row in self._rows)

    def join(self, entries: Sequence[Entry]) -> None:
        """Let clips join, at most `free_slots`."""
        for entry in sorted(entries, key=lambda entry: len(entry.request.draft)):
            self._slots.add(entry.encoded)
            request = entry.request
            self._rows.append(
                Row(
                    key=entry.key,
                    prompt=request.prompt,
                    max_tokens=request.limited(self._model.positions - len(request.prompt)),
                    draft=Draft(request.draft),
                    aligned=request.aligned,
                    patient=request.patient,
                )
            )

    def step(self) -> list[tuple[int, DecodedOrError]]:
        """Advance every row, by a token or as far as its draft is right; return those that end."""
        fed = [row.fed() for row in self._rows]
        together = self._fed_together([len(tokens) for tokens in fed])
        for first, end in pairwise((0, together, len(fed))):
            if first < end:
                self._advance(first, fed[first:end])
        return self._leave()

    def _fed_together(self, lengths: Sequence[int]) -> int:
        """Say how many rows share the first call; those that join stand last, in order of length.

        One that joins with no more tokens than others are fed costs hardly more than its keys and
        values; with a longer prompt or draft it would make all rows as long.
        """
        joined = next((at for at, row in enumerate(self._rows) if not row.tokens), len(lengths))
        longest = max(lengths[:joined], default=1)
        return next(
            (at for at in range(joined, len(lengths)) if lengths[at] > longest), len(lengths)
        )

    def drop(self, key: int) -> None:
        """Forget a row whose result nobody waits for any more."""
        for place in reversed(range(len(self._rows))):
            if self._rows[place].key == key:
                self._remove(place)

    def _advance(self, first: int, fed: Sequence[Sequence[int]]) -> None:
        """Feed the rows from `first` on.

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
                self._advance(first + line, fed[line : line + 1])
            return
        for line, tokens in enumerate(fed):
            self._accept(first + line, answer, line, tokens)

    def _call(self, first: int, fed: Sequence[Sequence[int]]) -> Answer:
        """Feed the rows from `first` on, shorter ones padded on the right."""
        tokens = np.zeros((len(fed), max(map(len, fed))), np.int64)
        for place, some in enumerate(fed):
            tokens[place, : len(some)] = some
        slots, rows = self._slots, slice(first, first + len(fed))
        self.work.calls += 1
        return self._model.decode(
            tokens,
            slots.lengths[rows],
            slots.frames[rows],
            slots.self_attention(rows),
            slots.cross_attention(rows),
            aligned=any(row.aligned for row in self._rows[rows]),
        )

    def _accept(self, place: int, answer: Answer, line: int, fed: Sequence[int]) -> None:
        row, attention = self._rows[place], None
        if answer.attention is not None:
            attention = answer.attention[line, :, : int(self._slots.frames[place])]
        used = row.accept(
            fed,
            answer.chosen[line],
            answer.log_probability[line],
            attention,
            eos=self._eos,
            work=self.work,
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
