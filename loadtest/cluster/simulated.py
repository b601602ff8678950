"""An engine with the timing of a model of 2B parameters on one H200, and no model.

Its words are numbers; what it takes is computed, not measured: no GPU was there. A step reads all
weights once and each row's cache, and launches its kernels; joining costs the encoder's work.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Hypothesis

BANDWIDTH = 4.3e12
"""Bytes a second of an H200's memory, as vendors count less a tenth."""
WEIGHT_BYTES = 2e9 * 2
"""Two thousand million parameters of 16 bits, all read in each step."""
ROW_BYTES = 134e6
"""A row's cache, 1024 places of 32 bits, read and written in each step: 31 us."""
LAUNCH_S = 5e-3
"""Some hundred kernels that Python starts one by one: what is left of 8 ms with 64 rows."""
ENCODER_S = 1e-3
"""A second of audio; 48 GFLOP at a tenth of what the chip can do."""
TOKENS_PER_S = 4.0
SLOTS = 64

INFO = EngineInfo(
    name="simulated-2b",
    languages=("en",),
    provider="simulated H200",
    precision="none",
    max_seconds=35.0,
    demonstration=False,
)


class SimulatedEngine:
    """A `StepEngine` that sleeps. A clip takes a step for each token that its draft lacks."""

    def __init__(self) -> None:
        self.info = INFO
        self._left: dict[int, int] = {}
        self._heard: dict[int, Hypothesis] = {}
        self._encoder_s = 0.0

    @property
    def free_slots(self) -> int:
        return SLOTS - len(self._left)

    def join(self, key: int, clip: Clip) -> None:
        self._heard[key] = heard = words_of(clip)
        self._left[key] = 1 + max(0, len(heard.tokens) - len(clip.draft))
        self._encoder_s += clip.seconds * ENCODER_S

    def step(self) -> list[tuple[int, Hypothesis]]:
        if not self._left:
            return []
        time.sleep(step_s(len(self._left)) + self._encoder_s)
        self._encoder_s = 0.0
        self._left = {key: left - 1 for key, left in self._left.items()}
        ended = [key for key, left in self._left.items() if left == 0]
        for key in ended:
            del self._left[key]
        return [(key, self._heard.pop(key)) for key in ended]

    def drop(self, key: int) -> None:
        del self._left[key], self._heard[key]

    def reset(self) -> None:
        self._left.clear()
        self._heard.clear()


def step_s(rows: int) -> float:
    """Seconds that a step takes with so many rows."""
    return LAUNCH_S + (WEIGHT_BYTES + rows * ROW_BYTES) / BANDWIDTH


def words_of(clip: Clip) -> Hypothesis:
    """Say a word for each quarter of a second."""
    count = int(clip.seconds * TOKENS_PER_S)
    return Hypothesis(" ".join(f"word{n}" for n in range(count)), tuple(range(count)), 0.9)


def build(args: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Ray's, which need not be here
    """Build the Serve application of it."""
    from streamer.engines.ray.application import application_of

    return application_of(SimulatedEngine, SLOTS)
