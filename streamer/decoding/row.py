"""One clip that is being decoded: what was chosen so far, and what it is fed next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.drafts import AHEAD, Draft
from streamer.decoding.request import Alignment, Decoded
from streamer.decoding.step_engine import EngineWork


@dataclass(slots=True)
class Row:
    """The tokens of a row, without its prompt. The end token counts until the row leaves."""

    key: int
    prompt: Sequence[int]
    max_tokens: int
    """Behind the prompt, the end token among them."""
    draft: Draft
    aligned: bool
    """Whether `Decoded.alignment` is wanted."""
    patient: bool = False
    """Whether it may wait for company."""
    tokens: list[int] = field(default_factory=list[int])
    log_probabilities: list[float] = field(default_factory=list[float])
    attention: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    """Of each token, over the row's own frames."""

    def fed(self) -> list[int]:
        """Return what it is fed next: its last token, and what its draft guesses.

        At first that is its prompt, and its whole draft.
        """
        left = self.max_tokens - len(self.tokens) - 1
        if not self.tokens:
            return [*self.prompt, *self.draft.ahead(left)]
        return [self.tokens[-1], *self.draft.ahead(min(AHEAD, left))]

    def accept(
        self,
        fed: Sequence[int],
        chosen: NDArray[np.int64],
        log_probability: NDArray[np.float32],
        attention: NDArray[np.float32] | None,
        *,
        eos: int,
        work: EngineWork,
    ) -> int:
        """Take the choices behind what it was fed, all (n,) but the attention (n, S).

        They count behind the tokens that were no guesses, and behind the guesses that follow these
        as far as they were right. Returns how many of the tokens fed count.
        """
        used = given = 1 if self.tokens else len(self.prompt)
        while used < len(fed) and fed[used] == chosen[used - 1] != eos:
            used += 1
        work.drafted += len(fed) - given
        work.accepted += used - given
        self.tokens += chosen[given - 1 : used].tolist()
        self.log_probabilities += log_probability[given - 1 : used].tolist()
        self.draft.follow(self.tokens, used - given + 1)
        if self.aligned and attention is not None:
            self.attention += list(attention[given - 1 : used].copy())
        return used

    def result(self, eos: int) -> Decoded | None:
        """Return what was heard, once the row has ended or is full."""
        ended = self.tokens[-1] == eos
        if not ended and len(self.tokens) < self.max_tokens:
            return None
        scores = np.array(self.log_probabilities, np.float32)
        alignment = Alignment(scores, np.stack(self.attention)) if self.attention else None
        tokens = tuple(self.tokens[:-1] if ended else self.tokens)
        return Decoded(tokens, float(np.exp(scores.mean())), alignment, complete=ended)
