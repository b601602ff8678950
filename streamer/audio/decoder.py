"""A stream of bytes to a stream of samples, however the bytes were split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.audio.encodings import Encoding, decode
from streamer.audio.plausibility import Examiner
from streamer.audio.resampling import BlockResampler


class AudioDecoder:
    """Bytes of interleaved audio in, (channels, n) float32 samples at the target rate out.

    The output depends on the bytes alone, not on how they were split into calls. Samples that
    are not finite become 0 and are counted; samples beyond full scale are clipped to [-1, 1].
    """

    mix_is_nearly_silent = False
    """Nothing is mixed."""

    def __init__(self, encoding: Encoding, rate: int, channels: int, target_rate: int) -> None:
        self._encoding = encoding
        self._channels = channels
        self._frame_bytes = encoding.sample_bytes * channels
        self._tail = b""
        self._examiner: Examiner | None = Examiner(encoding, channels)
        self._told: list[str] = []
        self._blocks = None if rate == target_rate else BlockResampler(rate, target_rate, channels)
        self.invalid_samples = 0

    def feed(self, data: bytes) -> NDArray[np.float32]:
        """Decode what `data` completes; bytes of an incomplete sample wait for the next call."""
        if self._examiner is not None:
            self._examine(self._examiner, data)
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

    def take_told(self) -> list[str]:
        """Return what the bytes look like, once, if they are surely no such samples."""
        told, self._told = self._told, []
        return told

    def _examine(self, examiner: Examiner, data: bytes) -> None:
        if (problem := examiner.feed(data)) is not None:
            self._told.append(problem)
        if examiner.over:
            self._examiner = None

    def _sanitise(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if samples.min(initial=0.0) >= -1.0 and samples.max(initial=0.0) <= 1.0:
            return samples  # as is usual; with a NaN neither holds
        invalid = int(np.count_nonzero(~np.isfinite(samples)))
        if invalid:
            self.invalid_samples += invalid
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(samples, -1.0, 1.0)
