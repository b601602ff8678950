"""A turn model for tests that are not about models."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from streamer.turns.models.base import Thresholds, TurnModelInfo

INFO = TurnModelInfo("toy-turns", frozenset({"en"}), Thresholds(0.2, 0.05, 0.09))


class ToyTurnModel:
    """Answers with one probability, or with how loud a turn is; may be blocked, and may fail."""

    info = INFO

    def __init__(self, answer: float | None = None) -> None:
        self.answer = answer
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.fails = False
        self.on_thread: set[int] = set()
        self.asked: list[NDArray[np.float32]] = []

    def probability(self, samples: NDArray[np.float32]) -> float:
        self.on_thread.add(threading.get_ident())
        self.asked.append(samples)
        self.may_answer.wait()
        if self.fails:
            raise RuntimeError("no")
        return float(samples.mean()) if self.answer is None else self.answer
