"""A stream of bytes to a stream of samples, however the bytes were split."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding, decode

BLOCKS_PER_SECOND = 50
"""The resampler is fed blocks of this size and no other, so that the split of the bytes cannot
reach its output."""


class AudioDecoder:
    """Bytes of interleaved audio in, (channels, n) float32 samples at the target rate out.

    The output depends on the bytes alone, not on how they were split into calls. Samples that
    are not finite become 0 and are counted; samples beyond full scale are clipped to [-1, 1].
    """

    def __init__(self, encoding: Encoding, rate: int, channels: int, target_rate: int) -> None:
        self._encoding = encoding
        self._channels = channels
        self._frame_bytes = encoding.sample_bytes * channels
        self._tail = b""
        self._blocks = None if rate == target_rate else _BlockResampler(rate, target_rate, channels)
        self.invalid_samples = 0

    def feed(self, data: bytes) -> NDArray[np.float32]:
        """Decode what `data` completes; bytes of an incomplete sample wait for the next call."""
        data = self._tail + data
        whole = len(data) - len(data) % self._frame_bytes
        self._tail = data[whole:]
        samples = decode(self._encoding, data[:whole])
        if self._encoding is Encoding.PCM_F32LE:
            samples = self._sanitise(samples)
        if self._channels == 1:
            planar = samples[np.newaxis]
        else:
            planar = np.ascontiguousarray(samples.reshape(-1, self._channels).T)
        return planar if self._blocks is None else self._blocks.feed(planar)

    def finish(self) -> tuple[NDArray[np.float32], int]:
        """Return the samples still inside the resampler, and how many bytes were left over."""
        if self._blocks is None:
            return np.zeros((self._channels, 0), np.float32), len(self._tail)
        return self._blocks.finish(), len(self._tail)

    def _sanitise(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if samples.min(initial=0.0) >= -1.0 and samples.max(initial=0.0) <= 1.0:
            return samples  # as is usual; with a NaN neither holds
        invalid = int(np.count_nonzero(~np.isfinite(samples)))
        if invalid:
            self.invalid_samples += invalid
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(samples, -1.0, 1.0)


class _BlockResampler:
    """soxr's streaming resampler behind fixed input blocks."""

    def __init__(self, rate: int, target_rate: int, channels: int) -> None:
        self._channels = channels
        self._block = rate // BLOCKS_PER_SECOND
        self._waiting = np.zeros((channels, 0), np.float32)
        self._stream = soxr.ResampleStream(rate, target_rate, channels, dtype="float32")

    def feed(self, planar: NDArray[np.float32]) -> NDArray[np.float32]:
        waiting = np.concatenate([self._waiting, planar], axis=1)
        whole = waiting.shape[1] - waiting.shape[1] % self._block
        self._waiting = waiting[:, whole:]
        blocks = [
            self._resample(waiting[:, at : at + self._block], last=False)
            for at in range(0, whole, self._block)
        ]
        return self._joined(blocks)

    def finish(self) -> NDArray[np.float32]:
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
