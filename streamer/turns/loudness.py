"""Whether what is heard has become much softer than the utterance was.

Where a detector takes noise for speech this is the first sign that the voice is gone. It is a
reason to ask the model whether words go on, and never enough to end anything by itself.
"""

from __future__ import annotations

from collections import deque

from streamer.turns.endpointing import Endpointing

FALLEN = 0.35
"""-4.6 dB: what is left of speech 5 dB above a noise, in the mean, when it stops is 6 dB less."""


class Loudness:
    """Follows one utterance: some 300 ms of it against the loudest 900 ms."""

    def __init__(self, rules: Endpointing) -> None:
        short = max(1, rules.pre_roll)
        self._short = _Mean(short)
        self._long = _Mean(3 * short)
        self._loudest = 0.0
        self.low = 0
        """For how many frames it has been so, up to now."""

    def add(self, energy: float) -> None:
        """Take the next frame's energy."""
        self._loudest = max(self._loudest, self._long.add(energy))
        is_low = self._short.add(energy) < FALLEN * self._loudest
        self.low = self.low + 1 if is_low else 0


class _Mean:
    """Of the last frames, as if there had been silence before."""

    def __init__(self, frames: int) -> None:
        self._frames: deque[float] = deque([0.0] * frames, maxlen=frames)
        self._sum = 0.0

    def add(self, energy: float) -> float:
        self._sum += energy - self._frames[0]
        self._frames.append(energy)
        return self._sum / len(self._frames)
