"""Silero's graphs in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from streamer.onnx.sessions import Graph
from streamer.speech.clip import SAMPLE_RATE
from streamer.vad.silero import Rows

STEP = "silero_vad_16k_op15.onnx"
SEQUENCE = "silero_vad_16k_sequence.onnx"


class SileroGraphs:
    """Both forms of the network, on one thread of the CPU. Raises ModelError.

    A frame of 32 ms takes about 0.2 ms of CPU alone, and half of that among eight or more; all
    numbers are the same.
    """

    def __init__(self, folder: Path) -> None:
        self._step: Any = Graph(folder / STEP, "cpu", threads=1).session
        self._sequence: Any = Graph(folder / SEQUENCE, "cpu", threads=1).session
        self._rate = np.array(SAMPLE_RATE, np.int64)

    def step(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        """Judge a frame each of n streams: (n, 576), (2, n, 128) -> (n,), (2, n, 128)."""
        given = {"input": rows, "state": state, "sr": self._rate}
        probabilities, state = self._step.run(None, given)
        return probabilities[:, 0], state

    def sequence(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        """Judge n frames of one stream: (n, 576), (2, 1, 128) -> (n,), (2, 1, 128)."""
        given = {"input": rows, "h": state[:1], "c": state[1:]}
        probabilities, hidden, cell = self._sequence.run(None, given)
        return probabilities, np.concatenate([hidden, cell])
