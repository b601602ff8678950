"""A second opinion for a detector that takes noise for speech: speech stands out of the noise.

The floor is the least energy of the last seconds. Nobody speaks for so long without a gap between
two sounds; a fan has none. So noise that begins is speech for as long as the floor looks back, and
then no more.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

LOOK_BACK_S = 3.0
"""Read speech has a gap of 100 ms in any three seconds."""

SMOOTH_S = 0.1
"""Energies are means over so long: those of even noise then differ by less than half a decibel."""

STANDS_OUT = 10**0.3
"""3 dB: what speech 5 dB above a noise, in the mean, adds to it in its syllables."""

COMB = 8
"""Each sample less the eighth before it, at 16 kHz: little of what lies below 200 Hz is left, most
of a fan's and a car's noise, and all of what speech is told by."""

SILENCE = 1e-7
"""-70 dB of full scale, a mean square: no floor is lower, so that 8-bit codes have none."""


class NoiseFloor:
    """Follows the floor of one channel."""

    def __init__(self, frame_samples: int) -> None:
        frame_s = frame_samples / 16_000
        self._look_back = round(LOOK_BACK_S / frame_s)
        self._recent: deque[float] = deque(maxlen=round(SMOOTH_S / frame_s))
        # Rising; the first is the floor. A stream may begin in the middle of a word: before that,
        # there was silence.
        self._least = deque([(0, 0.0)])
        self._frame = 0

    def stands_out(self, frames: NDArray[np.float32]) -> list[bool]:
        """Take the next (n, frame) samples; tell of each frame whether it is above the noise."""
        combed = frames[:, COMB:] - frames[:, :-COMB]
        return [self._add(one) for one in (np.vecdot(combed, combed) / combed.shape[1]).tolist()]

    def _add(self, energy: float) -> bool:
        recent, least = self._recent, self._least
        recent.append(energy)
        mean = sum(recent) / len(recent)
        while least and least[-1][1] >= mean:
            least.pop()
        least.append((self._frame, mean))
        if least[0][0] <= self._frame - self._look_back:
            least.popleft()
        self._frame += 1
        return mean > STANDS_OUT * max(least[0][1], SILENCE)
