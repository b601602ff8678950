"""Frames on their way through the voice detector, and what has to wait behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from streamer.vad.base import JudgedOutside, VoiceDetector

Frames = NDArray[np.float32]
"""(channels, n, frame) samples, in [-1, 1]."""

Probabilities = Sequence[Sequence[float]]
"""How likely each frame is speech: (channels, n)."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, eq=False)
class Detect:
    """Wants the probabilities of these frames; the answers come in the order of the asking."""

    frames: Frames


class DetectionQueue(Generic[Made]):
    """Keeps frames and commands in the order in which they came.

    A detector that answers at once never lets anything wait. Bounded by whoever stops feeding a
    session that has too many `frames` waiting.
    """

    def __init__(self, detectors: Sequence[VoiceDetector | JudgedOutside]) -> None:
        inside = [one for one in detectors if not isinstance(one, JudgedOutside)]
        self._detectors = inside if len(inside) == len(detectors) else None
        self._waiting: deque[Frames | Callable[[], list[Made]]] = deque()
        self.frames = 0
        """How many frames of each channel are not judged yet."""

    def judge(self, frames: Frames) -> Probabilities | None:
        """Return the probabilities; None where they are to be asked for with `Detect`."""
        if self._detectors is not None:
            rows = zip(self._detectors, frames, strict=True)
            return [detector.speech(row).tolist() for detector, row in rows]
        self._waiting.append(frames)
        self.frames += frames.shape[1]
        return None

    def in_order(self, act: Callable[[], list[Made]]) -> list[Made]:
        """Act now, or once all frames before have been judged; returns what follows by now."""
        if not self._waiting:
            return act()
        self._waiting.append(act)
        return []

    def wants(self, probabilities: Probabilities) -> bool:
        """Whether these can be those of the oldest frames without any."""
        if not self._waiting or not isinstance(self._waiting[0], np.ndarray):
            return False
        channels, count, _ = self._waiting[0].shape
        return [len(row) for row in probabilities] == [count] * channels

    def answered(self) -> Frames:
        """Return the frames whose probabilities have come."""
        frames = self._waiting.popleft()
        assert isinstance(frames, np.ndarray), "what waits in front are frames"
        self.frames -= frames.shape[1]
        return frames

    def due(self) -> list[Made]:
        """Do what waits in front of all other frames; returns what follows from it."""
        made: list[Made] = []
        while self._waiting and not isinstance(self._waiting[0], np.ndarray):
            act = self._waiting.popleft()
            assert not isinstance(act, np.ndarray)
            made += act()
        return made
