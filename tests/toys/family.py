"""A model family that shares nothing with the real ones: samples in, letters out, other limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from streamer.decoding.step_engine import StepEngine
from streamer.onnx.providers import Provider
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Hypothesis

MARK = "toy.txt"
"""The file of a toy's folder: the letter that it says."""


class LetterEngine:
    """Says a letter for each second, a second a step; fails on what is clipped."""

    def __init__(self, letter: str, places: int = 3) -> None:
        self.info = EngineInfo(
            name="letters",
            languages=("eo",),
            provider="toy",
            precision="exact",
            max_seconds=9.0,
            demonstration=False,
        )
        self._letter = letter
        self._places = places
        self._clips: dict[int, tuple[Clip, int]] = {}

    @property
    def free_slots(self) -> int:
        return self._places - len(self._clips)

    def join(self, key: int, clip: Clip) -> None:
        if clip.options.language not in self.info.languages:
            raise ValueError("unknown language")
        self._clips[key] = (clip, len(clip.samples) // SAMPLE_RATE)

    def step(self) -> Sequence[tuple[int, Hypothesis | EngineError]]:
        ended: list[tuple[int, Hypothesis | EngineError]] = []
        for key, (clip, left) in list(self._clips.items()):
            if abs(clip.samples).max(initial=0.0) > 0.99:
                ended.append((key, EngineError("too loud")))
            elif left == 0:
                ended.append((key, self._said(clip)))
            else:
                self._clips[key] = (clip, left - 1)
        for key, _ in ended:
            del self._clips[key]
        return ended

    def drop(self, key: int) -> None:
        self._clips.pop(key, None)

    def reset(self) -> None:
        self._clips.clear()

    def _said(self, clip: Clip) -> Hypothesis:
        tokens = (ord(self._letter),) * (len(clip.samples) // SAMPLE_RATE)
        return Hypothesis("".join(map(chr, tokens)), tokens, 1.0)


class ToyFamily:
    name = "toy"

    def recognises(self, folder: Path) -> bool:
        return (folder / MARK).is_file()

    def load(self, folder: Path, *, provider: Provider, threads: int) -> StepEngine:
        return LetterEngine((folder / MARK).read_text(encoding="utf-8").strip())
