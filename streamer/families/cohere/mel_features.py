"""Mel frames as the encoder's input; those of a growing utterance are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.request import Request
from streamer.families.cohere.features import HOP, MEL_BINS, log_mel
from streamer.families.cohere.incremental import IncrementalFeatures
from streamer.speech.clip import MAX_CLIP_S, SAMPLE_RATE


class MelFeatures:
    """The `Features` of this family. One object serves one model, and all its threads."""

    name = "mel"
    lengths_name = "mel_lengths"
    bins = (MEL_BINS,)
    buckets = (200, 400, 800, 1600, 2400, round(MAX_CLIP_S * SAMPLE_RATE / HOP))

    def __init__(self) -> None:
        self._incremental = IncrementalFeatures()

    def length(self, request: Request) -> int:
        """How many mel frames a request makes."""
        return len(request.samples) // HOP

    def make(self, request: Request) -> NDArray[np.float32]:
        """Make the mel frames of a request: (128, V)."""
        if request.incremental is None:
            return log_mel(request.samples)
        return self._incremental.log_mel(request.incremental, request.samples)
