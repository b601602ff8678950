"""Samples as they are, and silence behind them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.request import Request
from streamer.speech.clip import SAMPLE_RATE

_BUCKETS_S = (2, 4, 8, 16, 24)


class SampleFeatures:
    """The `Features` of this family: (n,) samples, and `tail` zeros.

    Nothing of a growing utterance is kept: the model's first norm is over the whole clip.
    """

    name = "samples"
    lengths_name = "sample_lengths"
    bins: tuple[int, ...] = ()

    def __init__(self, tail: int, max_seconds: float) -> None:
        """Take in how many zeros go behind, without which short clips repeat their last word."""
        self._tail = tail
        longest = round(max_seconds * SAMPLE_RATE) + tail
        shorter = (seconds * SAMPLE_RATE for seconds in _BUCKETS_S)
        self.buckets = (*(length for length in shorter if length < longest), longest)

    def length(self, request: Request) -> int:
        """How many samples a request makes."""
        return len(request.samples) + self._tail

    def make(self, request: Request) -> NDArray[np.float32]:
        """Put the zeros behind a request's samples: (n + tail,)."""
        return np.pad(request.samples, (0, self._tail))
