"""What a model family's encoder takes in: mel frames, or samples as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.request import Request


class Features(Protocol):
    """From a request to what the encoder's graph is fed."""

    @property
    def name(self) -> str:
        """The graph's input of (B, *bins, n) float32."""
        ...

    @property
    def lengths_name(self) -> str:
        """The graph's input of (B) int64 that says n of each."""
        ...

    @property
    def bins(self) -> tuple[int, ...]:
        """The dimensions before time."""
        ...

    @property
    def buckets(self) -> Sequence[int]:
        """The lengths in time that a GPU pads to, ascending; the last is the longest there is."""
        ...

    def length(self, request: Request) -> int:
        """How long in time a request's features are."""
        ...

    def make(self, request: Request) -> NDArray[np.float32]:
        """Make the features of a request: (*bins, length). May be called by several threads."""
        ...


def padded(
    arrays: Sequence[NDArray[np.float32]], rows: int, length: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Lay (*bins, n) arrays side by side in (rows, *bins, length), and tell each row's n.

    Rows beyond the arrays are the last one over again.
    """
    batch = np.zeros((rows, *arrays[0].shape[:-1], length), np.float32)
    lengths = np.empty(rows, np.int64)
    for row in range(rows):
        array = arrays[min(row, len(arrays) - 1)]
        batch[row, ..., : array.shape[-1]] = array
        lengths[row] = array.shape[-1]
    return batch, lengths


def bucket(length: int, buckets: Sequence[int]) -> int:
    """Return the least bucket that holds a length; there is always one."""
    return next(one for one in buckets if one >= length)
