"""Features of utterances that grow: what was made of earlier samples is kept.

Only the last frame before the utterance's end changes when more samples come, so the rows of a
partial are those of the one before it and a few new ones; only normalising takes them all.

The reference seeds its dither with the clip's length, so that every sample's noise changes when one
is added, and exact features can only be made anew. Here the noise depends on the position alone:
the features differ from the reference's by what 1e-5 of noise makes, which is why finals are made
without this. `python -m loadtest run partials` measures what it saves, and how often tokens differ.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from streamer.families.cohere.features import (
    HOP,
    MEL_BINS,
    WINDOW,
    dither_noise,
    log_rows,
    normalised,
)

LIMIT_BYTES = 64 << 20
"""Of kept rows: 22 minutes of speech that is still going on, over all streams."""
KEPT_S = 10.0
"""Seconds unheard after which an utterance is taken to have ended: while one goes on its partials
come more often, even under load."""
NOISE_SAMPLES = 1 << 16


class IncrementalFeatures:
    """The rows of the utterances heard last, by name; the longest unheard go first.

    `clock` tells seconds.
    """

    def __init__(
        self, limit_bytes: int = LIMIT_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, NDArray[np.float32]]] = OrderedDict()
        self.bytes = 0
        """Of all rows that are kept."""

    def log_mel(self, name: str, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Like `features.log_mel`, for samples that begin with those of the name's last call.

        May be called by several threads at once.
        """
        with self._lock:
            return self._log_mel(name, samples)

    def _log_mel(self, name: str, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        now = self._clock()
        _, rows = self._kept.pop(name, (now, np.zeros((MEL_BINS, 0), np.float32)))
        self.bytes -= rows.nbytes
        complete = max(0, (len(samples) - WINDOW // 2) // HOP + 1)
        rows = rows[:, :complete]
        new = log_rows(samples, _noise(len(samples)), rows.shape[1])
        rows = np.concatenate([rows, new], axis=1)
        kept = rows[:, :complete].copy()
        self._kept[name] = (now, kept)
        self.bytes += kept.nbytes
        self._forget(now)
        return normalised(rows)

    def _forget(self, now: float) -> None:
        while self._kept:
            name, (made, rows) = next(iter(self._kept.items()))
            if now - made <= KEPT_S and self.bytes <= self._limit:
                return
            del self._kept[name]
            self.bytes -= rows.nbytes


def _noise(n: int) -> NDArray[np.float32]:
    return np.resize(_period(), n)


@cache
def _period() -> NDArray[np.float32]:
    """Four seconds of noise: it repeats where nobody can tell, 80 dB below 16-bit speech."""
    return dither_noise(NOISE_SAMPLES)
