"""An engine that hears again, in parts, what ran into its limit, or hardly anything.

A row at the limit of its length loops or rambles: the model lost its way, most often because of
where the clip is cut or what is noisy in it. Now and then it takes long speech for silence. Two
halves, cut at a pause, begin afresh. Only clips whose text will stay are heard again; for what is
said of a growing utterance the next pass comes soon enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

import numpy as np

from streamer.decoding.step_engine import CountsWork, EngineWork, StepEngine
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Hypothesis, Outcome

SHORTEST_S = 2.0
"""Of a part. What is shorter stays as it is, however it ended."""
FEWEST_TOKENS_PER_S = 0.5
"""Of speech; slow speech has 2. A clip with fewer is heard again: it may be no speech."""
LONGEST_QUIET_PART_S = 8.0
"""A part with hardly a word is heard again while it is longer. Of half a minute of noisy speech
both halves were taken for silence, and only their halves were heard."""
_PAUSE = SAMPLE_RATE // 10
"""Samples that are looked at as one: 100 ms."""


@dataclass(eq=False, slots=True)
class _Part:
    """A clip, or a part of it, and the halves that it is heard again in."""

    clip: Clip
    whole: _Part | None = None
    offset_s: float = 0.0
    """From the start of `whole`."""
    halves: list[_Part] = field(default_factory=list["_Part"])
    hypothesis: Hypothesis | None = None


class CountingEngine(StepEngine, CountsWork, Protocol):
    """What can be watched."""


class WatchedEngine:
    """A `StepEngine` around another one. Used by one thread at a time."""

    def __init__(self, engine: CountingEngine) -> None:
        self._engine = engine
        self._inner = count()
        self.reset()

    @property
    def info(self) -> EngineInfo:
        """What users are told."""
        return self._engine.info

    @property
    def work(self) -> EngineWork:
        """What was done since the model was loaded."""
        return self._engine.work

    @property
    def free_slots(self) -> int:
        """How many clips may join now: parts that wait go first."""
        return max(0, self._engine.free_slots - len(self._waiting))

    def join(self, key: int, clip: Clip) -> None:
        """Take in a clip; raises what the engine inside raises."""
        self._begin(key, _Part(clip))

    def step(self) -> Sequence[tuple[int, Outcome]]:
        """Advance the clips in flight; return those that ended with all their parts."""
        while self._waiting and self._engine.free_slots > 0:
            key, part = self._waiting.popleft()
            self._begin(key, part)
        ended: list[tuple[int, Outcome]] = []
        for inner, outcome in self._engine.step():
            key, part = self._parts.pop(inner)
            whole = self._settled(key, part, outcome)
            if whole is not None:
                ended.append((key, whole))
        return ended

    def drop(self, key: int) -> None:
        """Forget a clip in flight, with all its parts."""
        self._waiting = deque(item for item in self._waiting if item[0] != key)
        for inner in [one for one, (owner, _) in self._parts.items() if owner == key]:
            del self._parts[inner]
            self._engine.drop(inner)

    def reset(self) -> None:
        """Forget every clip in flight."""
        self._parts: dict[int, tuple[int, _Part]] = {}
        self._waiting: deque[tuple[int, _Part]] = deque()
        self._engine.reset()

    def _begin(self, key: int, part: _Part) -> None:
        inner = next(self._inner)
        self._engine.join(inner, part.clip)
        self._parts[inner] = key, part

    def _settled(self, key: int, part: _Part, outcome: Outcome) -> Outcome | None:
        """Take in how a part ended; return how the whole clip did, once all its parts have."""
        if not isinstance(outcome, Hypothesis):
            self.drop(key)
            return outcome
        if _is_lost(part, outcome):
            part.halves = _halves(part)
            self._waiting.extend((key, half) for half in part.halves)
            return None
        part.hypothesis = outcome
        while (whole := part.whole) is not None:
            hypotheses = [half.hypothesis for half in whole.halves if half.hypothesis is not None]
            if len(hypotheses) < len(whole.halves):
                return None
            offsets = [half.offset_s for half in whole.halves]
            whole.hypothesis = _joined(hypotheses, offsets)
            part = whole
        return part.hypothesis


def _is_lost(part: _Part, hypothesis: Hypothesis) -> bool:
    """Tell whether a part must be heard again."""
    clip = part.clip
    if not clip.exact or clip.seconds < 2 * SHORTEST_S:
        return False
    whole = part.whole is None or clip.seconds > LONGEST_QUIET_PART_S
    few = whole and len(hypothesis.tokens) < FEWEST_TOKENS_PER_S * clip.seconds
    return few or not hypothesis.complete


def _halves(part: _Part) -> list[_Part]:
    clip = part.clip
    place = quietest(clip)
    pieces = clip.samples[:place], clip.samples[place:]
    offsets = 0.0, place / SAMPLE_RATE
    return [
        _Part(replace(clip, samples=piece, draft=()), part, offset)
        for piece, offset in zip(pieces, offsets, strict=True)
    ]


def quietest(clip: Clip) -> int:
    """Return the sample amid the quietest 100 ms of a clip's middle half, nearest its middle.

    Each side has at least `SHORTEST_S` where the clip has twice that.
    """
    n = len(clip.samples)
    margin = min(n // 2, max(n // 4, round(SHORTEST_S * SAMPLE_RATE)))
    first, last = margin, n - margin
    starts = np.arange(first, last - _PAUSE + 1, _PAUSE // 4)
    if len(starts) == 0:
        return n // 2
    energy = np.concatenate([[0.0], np.cumsum(np.square(clip.samples, dtype=np.float64))])
    loud = energy[starts + _PAUSE] - energy[starts]
    quiet = starts[loud <= loud.min() * 1.01]
    return int(quiet[np.argmin(np.abs(quiet + _PAUSE // 2 - n // 2))]) + _PAUSE // 2


def _joined(hypotheses: Sequence[Hypothesis], offsets: Sequence[float]) -> Hypothesis:
    """Put hypotheses one behind the other; the confidence is that of an average token."""
    weights = [len(one.tokens) + 1 for one in hypotheses]
    scores = [np.log(max(one.confidence or 0.0, 1e-30)) for one in hypotheses]
    words = None
    if all(one.words is not None for one in hypotheses):
        words = tuple(
            replace(word, start=word.start + offset, end=word.end + offset)
            for one, offset in zip(hypotheses, offsets, strict=True)
            for word in one.words or ()
        )
    return Hypothesis(
        text=" ".join(one.text for one in hypotheses if one.text),
        tokens=tuple(token for one in hypotheses for token in one.tokens),
        confidence=float(np.exp(np.average(scores, weights=weights))),
        words=words,
        complete=all(one.complete for one in hypotheses),
    )
