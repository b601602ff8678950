"""Another rate, the same in whatever pieces samples come."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

BLOCKS_PER_SECOND = 50
"""The resampler is fed blocks of this size and no other, so that the split of the bytes cannot
reach its output."""


class BlockResampler:
    """soxr's streaming resampler behind fixed input blocks."""

    def __init__(self, rate: int, target_rate: int, channels: int) -> None:
        self._channels = channels
        self._block = rate // BLOCKS_PER_SECOND
        self._waiting = np.zeros((channels, 0), np.float32)
        self._stream = soxr.ResampleStream(rate, target_rate, channels, dtype="float32")

    def feed(self, planar: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take (channels, n) samples; returns what whole blocks give."""
        waiting = np.concatenate([self._waiting, planar], axis=1)
        whole = waiting.shape[1] - waiting.shape[1] % self._block
        self._waiting = waiting[:, whole:]
        blocks = [
            self._resample(waiting[:, at : at + self._block], last=False)
            for at in range(0, whole, self._block)
        ]
        return self._joined(blocks)

    def finish(self) -> NDArray[np.float32]:
        """Return the rest."""
        rest, self._waiting = self._waiting, self._waiting[:, :0]
        return self._resample(rest, last=True)

    def _resample(self, planar: NDArray[np.float32], *, last: bool) -> NDArray[np.float32]:
        interleaved = np.ascontiguousarray(planar.T)
        out = self._stream.resample_chunk(interleaved, last=last)
        return np.clip(out.reshape(-1, self._channels).T, -1.0, 1.0).astype(np.float32)

    def _joined(self, blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        if not blocks:
            return np.zeros((self._channels, 0), np.float32)
        return np.concatenate(blocks, axis=1)
