"""Engines for tests that are not about models."""

from __future__ import annotations

import threading
import time

from streamer.speech.clip import Clip, StoredClip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Hypothesis


class CountingEngine:
    """Says a word for each third of a second, one a step; can be made slow, broken, or held.

    Each step takes `seconds_a_step`. `joined` lists the clips' seconds of every joining, `steps`
    how many clips were in flight at every step.
    """

    def __init__(self, seconds_a_step: float = 0.0, capacity: int = 8) -> None:
        self.info = EngineInfo(
            name="counting",
            languages=("en", "de"),
            provider="CPU",
            precision="fp32",
            max_seconds=35.0,
            demonstration=False,
        )
        self.seconds_a_step = seconds_a_step
        self.capacity = capacity
        self.failures = 0
        self.joined: list[list[float]] = []
        self.steps: list[int] = []
        self.may_run = threading.Event()
        self.may_run.set()
        self._joining: list[float] = []
        self._left: dict[int, int] = {}
        self.clips: dict[int, Clip] = {}

    @property
    def free_slots(self) -> int:
        return self.capacity - len(self.clips)

    def join(self, key: int, clip: Clip) -> None:
        assert self.free_slots > 0
        self._joining.append(clip.seconds)
        self.clips[key] = clip
        self._left[key] = len(words_of(clip).tokens) + 1

    def step(self) -> list[tuple[int, Hypothesis]]:
        if self._joining:
            self.joined.append(self._joining)
            self._joining = []
        assert self.may_run.wait(timeout=30)
        time.sleep(self.seconds_a_step)
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("out of memory")
        self.steps.append(len(self.clips))
        for key in self._left:
            self._left[key] -= 1
        ended = [key for key, left in self._left.items() if left == 0]
        return [(key, words_of(self._forget(key))) for key in ended]

    def drop(self, key: int) -> None:
        self._forget(key)

    def reset(self) -> None:
        self.clips.clear()
        self._left.clear()

    def _forget(self, key: int) -> Clip:
        del self._left[key]
        return self.clips.pop(key)


def words_of(clip: Clip | StoredClip) -> Hypothesis:
    words = [f"word{number}" for number in range(int(clip.seconds * 3))]
    return Hypothesis(" ".join(words), tuple(range(len(words))), 0.9)
