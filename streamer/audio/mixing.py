"""Channels to one, without the loss of what stands in them upside down.

The mean of a channel and its own opposite is silence: one wrongly wired microphone, or a recorder
that keeps the difference of two, and nothing of a recording is left. Where the mix would have much
less energy than the loudest of its channels, that channel alone is taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCKS_PER_SECOND = 50
"""Energies are measured in blocks of this length, whatever the pieces in which samples come."""

MEMORY_BLOCKS = 5
"""After so many blocks, 100 ms, energy counts for 1/e: longer than a period of any voice."""

TOLD_BLOCKS = 25
"""Half a second for which a channel has stood for the mix is told; a moment in music is not."""

LEAST_SHARE = 1 / 32
"""Of the loudest channel's energy, -15 dB. A speaker who has one of two channels to himself keeps
1/4 in the mix, one of five 1/25: what is less is cancelled, or too quiet beside that channel."""

LEAST_ENERGY = 1e-7
"""Mean square of a block, -70 dB: below it there is nothing to lose."""

NEARLY_SILENT = (
    "mixed, its channels would be nearly silent: the loudest of them was transcribed alone there"
)


class Mixer:
    """(n, channels) samples in, (n,) samples out, up to a block later.

    The output depends on the samples alone, not on how they were split into calls.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._block = max(1, rate // BLOCKS_PER_SECOND)
        self._waiting = np.zeros((0, channels), np.float32)
        self._energies = np.zeros(channels + 1)  # smoothed: the channels', then the mix's
        self._alone = 0  # blocks of which one channel was taken

    @property
    def cancelled(self) -> bool:
        """Whether a single channel stood for the mix for half a second in all."""
        return self._alone >= TOLD_BLOCKS

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix what whole blocks there are; the rest waits for the next call."""
        channels = samples.shape[1]
        if channels == 1:
            return samples[:, 0]
        samples = np.concatenate([self._waiting, samples]) if len(self._waiting) else samples
        whole = len(samples) - len(samples) % self._block
        self._waiting = samples[whole:].copy()
        return self._mixed(samples[:whole].reshape(-1, self._block, channels)).reshape(-1)

    def finish(self) -> NDArray[np.float32]:
        """Mix the rest, less than a block."""
        rest, self._waiting = self._waiting, self._waiting[:0]
        return self._mixed(rest[np.newaxis])[0] if len(rest) else np.zeros(0, np.float32)

    def _mixed(self, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix (count, length, channels) to (count, length)."""
        with np.errstate(over="ignore", invalid="ignore"):  # the session sees to these
            mixed = blocks.mean(axis=2, dtype=np.float32)
            energies = np.concatenate(
                [np.square(blocks).mean(axis=1), np.square(mixed).mean(axis=1)[:, np.newaxis]],
                axis=1,
                dtype=np.float64,
            )
        energies[~np.isfinite(energies)] = 0.0
        for index, energy in enumerate(energies):
            self._energies += (energy - self._energies) / MEMORY_BLOCKS
            loudest = int(np.argmax(self._energies[:-1]))
            most = self._energies[loudest]
            if most > LEAST_ENERGY and self._energies[-1] < most * LEAST_SHARE:
                mixed[index] = blocks[index, :, loudest]
                self._alone += 1
        return mixed
