"""Greedy decoding of rows that advance together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.request import Decoded


class Rows(Protocol):
    """Decoder rows: tokens in, logits out."""

    def feed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Append (B, n) tokens and return the logits (B, vocabulary) behind the last of them."""
        ...

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with these rows only."""
        ...


def decode_greedily(
    rows: Rows, prompts: NDArray[np.int64], eos: int, positions: int
) -> Iterator[tuple[int, Decoded]]:
    """Yield (row, what it decoded to) as rows end, for prompts (B, n).

    A row ends with `eos`, or when prompt and output fill `positions`. Rows that ended stay in the
    batch, unread, until they are half of it: leaving it copies every cache.
    """
    tokens: list[list[int]] = [[] for _ in prompts]
    log_probabilities: list[list[float]] = [[] for _ in prompts]
    here = np.arange(len(prompts))  # the row that each place of the batch holds
    active = np.ones(len(prompts), bool)
    room = positions - prompts.shape[1]
    fed = prompts
    while active.any():
        logits = rows.feed(fed)
        chosen = logits.argmax(axis=1)
        scores = _log_probability(logits, chosen)
        for place in np.flatnonzero(active):
            row, token = int(here[place]), int(chosen[place])
            log_probabilities[row].append(float(scores[place]))
            if token != eos:
                tokens[row].append(token)
            if token == eos or len(tokens[row]) >= room:
                active[place] = False
                confidence = float(np.exp(np.mean(log_probabilities[row])))
                yield row, Decoded(tuple(tokens[row]), confidence, complete=token == eos)
        fed = chosen[:, np.newaxis]
        if active.any() and 2 * np.count_nonzero(active) <= len(active):
            kept = np.flatnonzero(active)
            rows.keep(kept)
            here, active, fed = here[kept], active[kept], fed[kept]


def _log_probability(logits: NDArray[np.float32], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
    """The log-probability of one token a row, (B,), where that token has the largest logit."""
    largest = logits[np.arange(len(chosen)), chosen][:, np.newaxis]
    scores: NDArray[np.float32] = -np.log(np.exp(logits - largest).sum(axis=1))
    return scores
