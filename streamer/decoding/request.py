"""What goes into the recognition of a clip, and what comes out, whatever the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.families.cohere.features import HOP


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A clip of (n,) samples, long enough for features, and the decoder's prompt for it.

    The draft is what an earlier pass gave for less of the same audio, or nothing; a contract that
    cannot check it in one call does without. `aligned` asks for `Decoded.heard`. `growing` is the
    clip's. `max_tokens` ends a row that has not ended before.
    """

    samples: NDArray[np.float32]
    prompt: Sequence[int]
    draft: Sequence[int] = ()
    aligned: bool = False
    growing: str | None = None
    max_tokens: int | None = None

    @property
    def frames(self) -> int:
        """How many mel frames the clip makes."""
        return len(self.samples) // HOP


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """When, and how surely, each choice of a row was heard: n is the tokens and the end token.

    `log_probabilities` is (n,); `attention` (n, S) is how much of each choice's cross-attention
    lies on each encoder frame.
    """

    log_probabilities: NDArray[np.float32]
    attention: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A row that ended.

    The tokens are without the end token; the confidence is the geometric mean of the chosen tokens'
    probabilities, the end token's included.
    """

    tokens: tuple[int, ...]
    confidence: float
    heard: Heard | None = None
    """Where it was asked for, and the contract can tell."""


Recognise = Callable[[Sequence[Request]], Iterator[tuple[int, Decoded]]]
"""Yields (index of the request, what was heard) as rows end, in any order."""
