"""The keys and values of the rows in flight.

Rows lie side by side at the front of arrays that hold a fixed number of them, so that the decoder
takes the active ones as they are, without a copy. The arrays are little longer than the longest row
needs: the decoder reads all columns of all rows, which takes half its time when rows are many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.ragged import Caches, Encoded

_LEAST = 32
"""Columns below which shortening an array gains nothing."""


class Slots:
    """Self-attention and cross-attention caches of up to `capacity` rows.

    Rows keep the order in which they came, but the last one takes the place of one that leaves.
    """

    def __init__(self, layers: int, heads: int, head_size: int, capacity: int) -> None:
        self._self_attention = _Rows(2 * layers, capacity, heads, head_size)
        self._cross_attention = _Rows(2 * layers, capacity, heads, head_size)
        self.capacity = capacity

    def __len__(self) -> int:
        return len(self._self_attention)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens written in each row, (rows,)."""
        return self._self_attention.lengths

    @property
    def frames(self) -> NDArray[np.int64]:
        """Encoder frames of each row, (rows,)."""
        return self._cross_attention.lengths

    def self_attention(self, rows: slice) -> Caches:
        """The self-attention caches of these rows: views."""
        return self._self_attention.views(rows)

    def cross_attention(self, rows: slice) -> Caches:
        """The cross-attention caches of these rows: views."""
        return self._cross_attention.views(rows)

    def add(self, encoded: Encoded) -> None:
        """Give a clip the next row. There must be room."""
        self._self_attention.add()
        row = self._cross_attention.add()
        self._cross_attention.append(row, encoded.cross, encoded.frames)

    def append(self, row: int, new: Caches, count: int) -> None:
        """Write the first `count` columns of (heads, n, size) behind what the row has."""
        self._self_attention.append(row, new, count)

    def remove(self, row: int) -> None:
        """Free a row; the last one moves into its place."""
        self._self_attention.remove(row)
        self._cross_attention.remove(row)


class _Rows:
    """Arrays of (capacity, heads, columns, size), all with the same rows in use."""

    def __init__(self, arrays: int, capacity: int, heads: int, size: int) -> None:
        self._shape = (capacity, heads, size)
        self._arrays = self._allocated(arrays, _LEAST)
        self._lengths = np.zeros(capacity, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self._lengths[: self._count]

    def views(self, rows: slice) -> Caches:
        return [array[rows] for array in self._arrays]

    def add(self) -> int:
        self._lengths[self._count] = 0
        self._count += 1
        return self._count - 1

    def append(self, row: int, new: Caches, count: int) -> None:
        start = int(self._lengths[row])
        self._lengths[row] = end = start + count
        self._fit(end)
        for array, columns in zip(self._arrays, new, strict=True):
            array[row, :, start:end] = columns[:, :count]

    def remove(self, row: int) -> None:
        last = self._count - 1
        if row != last:
            length = self._lengths[row] = self._lengths[last]
            for array in self._arrays:
                array[row, :, :length] = array[last, :, :length]
        self._count = last
        needed = int(self.lengths.max(initial=0))
        if 4 * needed <= self._columns:
            self._resize(needed)

    @property
    def _columns(self) -> int:
        return self._arrays[0].shape[2]

    def _fit(self, needed: int) -> None:
        if needed > self._columns:
            self._resize(needed)

    def _resize(self, needed: int) -> None:
        step = max(_LEAST, 1 << max(0, (needed - 1).bit_length() - 3))
        columns = -(-needed // step) * step
        if columns == self._columns:
            return
        old, kept = self._arrays, min(columns, self._columns)
        self._arrays = self._allocated(len(old), columns)
        for to, array in zip(self._arrays, old, strict=True):
            to[: self._count, :, :kept] = array[: self._count, :, :kept]

    def _allocated(self, arrays: int, columns: int) -> Caches:
        # Zeros, since the decoder multiplies by what it does not look at: it must be finite.
        capacity, heads, size = self._shape
        return [np.zeros((capacity, heads, columns, size), np.float32) for _ in range(arrays)]
