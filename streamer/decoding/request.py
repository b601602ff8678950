"""What goes into the recognition of a clip, and what comes out, whatever the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.speech.hypothesis import EngineError


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A clip of (n,) samples, long enough for features, and the decoder's prompt for it.

    The draft is what an earlier pass gave for less of the same audio, or nothing; a contract that
    cannot check it in one call does without. `aligned` asks for `Decoded.alignment`. `incremental`
    and `patient` are the clip's. At most `max_tokens` follow the prompt, the end token among them,
    or as many as fit.
    """

    samples: NDArray[np.float32]
    prompt: Sequence[int]
    draft: Sequence[int] = ()
    aligned: bool = False
    incremental: str | None = None
    max_tokens: int | None = None
    patient: bool = False

    def limited(self, fitting: int) -> int:
        """Return how many tokens may follow the prompt where so many fit."""
        return fitting if self.max_tokens is None else min(fitting, self.max_tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """When, and how surely, each choice of a row was made: n is the tokens and the end token.

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
    alignment: Alignment | None = None
    """Where it was asked for, and the contract can tell."""
    complete: bool = True
    """Whether the end token came; else the row was as long as it may be."""


DecodedOrError = Decoded | EngineError
"""How a row ends."""
