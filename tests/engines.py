"""Engines for tests that are not about models."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from streamer.engine.base import Clip, EngineInfo, Hypothesis


class CountingEngine:
    """Says a word for each third of a second; can be made slow, broken, or held."""

    def __init__(self, seconds_a_clip: float = 0.0) -> None:
        self.info = EngineInfo(
            name="counting",
            languages=("en", "de"),
            provider="CPU",
            precision="fp32",
            max_seconds=35.0,
            demonstration=False,
        )
        self.seconds_a_clip = seconds_a_clip
        self.failures = 0
        self.batches: list[list[float]] = []
        self.may_run = threading.Event()
        self.may_run.set()

    def transcribe(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Hypothesis]]:
        self.batches.append([clip.seconds for clip in clips])
        assert self.may_run.wait(timeout=30)
        for index, clip in enumerate(clips):
            time.sleep(self.seconds_a_clip)
            if self.failures > 0:
                self.failures -= 1
                raise RuntimeError("out of memory")
            yield index, words_of(clip)


def words_of(clip: Clip) -> Hypothesis:
    words = [f"word{number}" for number in range(int(clip.seconds * 3))]
    return Hypothesis(" ".join(words), tuple(range(len(words))), 0.9)
