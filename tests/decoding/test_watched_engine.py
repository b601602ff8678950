"""What runs into its limit, or hears nothing, is heard again in parts; on a model by script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import EngineWork
from streamer.decoding.watched_engine import (
    LONGEST_QUIET_PART_S,
    SHORTEST_S,
    WatchedEngine,
    quietest,
)
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome, Word
from streamer.speech.options import DecodeOptions

Script = Callable[[Clip], Outcome]


class Scripted:
    """Says what the script says of each clip, one clip a step."""

    def __init__(self, script: Script, capacity: int = 2) -> None:
        self.info = EngineInfo("scripted", ("en",), "cpu", "fp32", 35.0, demonstration=False)
        self.work = EngineWork()
        self.heard: list[Clip] = []
        self._script = script
        self._capacity = capacity
        self._clips: dict[int, Clip] = {}

    @property
    def free_slots(self) -> int:
        return self._capacity - len(self._clips)

    def join(self, key: int, clip: Clip) -> None:
        assert self.free_slots > 0
        assert key not in self._clips
        self._clips[key] = clip

    def step(self) -> Sequence[tuple[int, Outcome]]:
        if not self._clips:
            return []
        key = next(iter(self._clips))
        clip = self._clips.pop(key)
        self.heard.append(clip)
        return [(key, self._script(clip))]

    def drop(self, key: int) -> None:
        self._clips.pop(key, None)

    def reset(self) -> None:
        self._clips.clear()


def clip(seconds: float, seed: int = 0) -> Clip:
    samples = np.random.default_rng(seed).uniform(-0.1, 0.1, round(seconds * SAMPLE_RATE))
    return Clip(samples.astype(np.float32), DecodeOptions("en", words=True))


def said(one: Clip, *, complete: bool = True, tokens_per_s: float = 3.0) -> Hypothesis:
    """As many tokens as that many seconds have, and one word in the clip's middle."""
    tokens = tuple(range(int(one.seconds * tokens_per_s)))
    text = f"{one.seconds:.1f}" if tokens else ""
    words = (Word(text, one.seconds / 2, one.seconds / 2 + 0.1, 0.5),) if tokens else ()
    return Hypothesis(text, tokens, 0.5, words, complete=complete)


def heard(script: Script, *clips: Clip) -> tuple[list[Hypothesis], Scripted]:
    model = Scripted(script)
    results = dict(transcribe(WatchedEngine(model), clips))
    return [results[place] for place in range(len(clips))], model


def lost_above(seconds: float) -> Script:
    return lambda one: said(one, complete=one.seconds <= seconds)


def test_what_ends_by_itself_is_heard_once() -> None:
    results, model = heard(said, clip(10), clip(1))
    assert results == [said(clip(10)), said(clip(1))]
    assert len(model.heard) == 2


def test_a_loop_is_heard_again_in_parts_whose_words_keep_their_places() -> None:
    whole = clip(12)
    samples = whole.samples.copy()
    samples[80_800:82_400] = 0  # a pause from 5.05 to 5.15 s
    whole = replace(whole, samples=samples)
    (result,), model = heard(lost_above(8), whole)
    assert [round(one.seconds, 1) for one in model.heard] == [12.0, 5.1, 6.9]
    assert result.text == "5.1 6.9"
    assert result.complete
    assert result.tokens == (*range(15), *range(20))
    assert result.words is not None
    assert [round(word.start, 1) for word in result.words] == [2.5, 8.6]
    assert result.confidence == pytest.approx(0.5)
    assert sum(len(one.samples) for one in model.heard[1:]) == len(whole.samples)


def test_parts_that_loop_are_divided_again_down_to_the_shortest() -> None:
    (result,), model = heard(lost_above(0), clip(16))
    assert min(one.seconds for one in model.heard) >= SHORTEST_S
    leaves = [one for one in model.heard if one.seconds < 2 * SHORTEST_S]
    assert sum(len(one.samples) for one in leaves) == 16 * SAMPLE_RATE
    assert not result.complete


def test_long_speech_of_which_nothing_was_heard_is_heard_again() -> None:
    (result,), model = heard(lambda one: said(one, tokens_per_s=3 * (one.seconds < 9)), clip(10))
    assert [one.seconds < 9 for one in model.heard] == [False, True, True]
    assert len(result.text.split()) == 2


def test_quiet_parts_are_heard_again_while_they_are_long() -> None:
    (result,), model = heard(lambda one: said(one, tokens_per_s=0), clip(30))
    assert result.text == ""
    again = [one.seconds for one in model.heard]
    assert again[0] == 30
    assert min(again) <= LONGEST_QUIET_PART_S
    assert all(seconds > LONGEST_QUIET_PART_S / 4 for seconds in again)
    assert len(again) <= 1 + 2 + 4 + 8


def test_what_is_said_of_a_growing_utterance_waits_for_the_next_pass() -> None:
    incremental = replace(clip(10), incremental="utterance")
    (result,), model = heard(lost_above(0), incremental)
    assert len(model.heard) == 1
    assert not result.complete


def test_one_parts_failure_is_the_clips() -> None:
    engine = WatchedEngine(
        Scripted(
            lambda one: said(one, complete=False) if one.seconds > 8 else EngineError("no memory")
        )
    )
    engine.join(7, clip(10))
    ended = [item for _ in range(5) for item in engine.step()]
    assert ended == [(7, EngineError("no memory"))]
    assert engine.free_slots == 2


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_clip_that_is_dropped_goes_with_all_its_parts(steps: int) -> None:
    engine = WatchedEngine(Scripted(lost_above(0)))
    engine.join(1, clip(16))
    for _ in range(steps):
        assert engine.step() == []
    engine.drop(1)
    engine.join(2, clip(1))
    assert [key for _ in range(9) for key, _ in engine.step()] == [2]


@given(st.lists(st.floats(0.2, 20), min_size=1, max_size=6), st.floats(1, 20))
def test_every_clip_ends_once_whatever_its_parts(lengths: list[float], limit: float) -> None:
    clips = [clip(seconds, seed) for seed, seconds in enumerate(lengths)]
    together, _ = heard(lost_above(limit), *clips)
    for one, result in zip(clips, together, strict=True):
        ((alone,), _) = heard(lost_above(limit), one)
        assert alone == result


@given(st.integers(1, 8 * SAMPLE_RATE))
def test_the_cut_leaves_something_on_both_sides(n: int) -> None:
    samples: NDArray[np.float32] = np.zeros(n, np.float32)
    place = quietest(Clip(samples, DecodeOptions("en")))
    assert 0 <= place <= n
    if n >= 2 * SHORTEST_S * SAMPLE_RATE:
        assert min(place, n - place) >= SHORTEST_S * SAMPLE_RATE
