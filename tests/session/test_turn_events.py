"""What a client is told of a pause that a turn model is asked about, and how it ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session.driver import Driver, driver
from sounds import pcm, silence, voice

from streamer.session.events import (
    Final,
    Partial,
    SpeechEnded,
    TurnPaused,
    TurnResumed,
)
from streamer.session.inputs import TurnJudged

SPOKEN = pcm(voice(1.5))


def answer(drive: Driver, probability: float) -> None:
    asked = drive.questions.pop()
    judged = TurnJudged(asked.channel, asked.utterance, asked.pause, probability)
    drive.take(drive.session.handle(judged))


def paused(*, answering: bool = True, **chosen: object) -> Driver:
    """Speak, and pause until the model has been asked."""
    drive = driver(answering=answering, **{"turn": "auto", **chosen})
    drive.feed(SPOKEN)
    pause(drive)
    return drive


def pause(drive: Driver) -> None:
    while not drive.questions:
        drive.feed(pcm(silence(0.02)))


def reasons(drive: Driver) -> list[str]:
    return [ended.reason for ended in drive.of(SpeechEnded)]


def test_a_pause_is_told_with_what_the_final_will_say() -> None:
    drive = paused()
    assert drive.of(TurnPaused) == []
    answer(drive, 0.9)
    (told,) = drive.of(TurnPaused)
    assert told.probability == 0.9
    drive.feed(pcm(silence(0.32)))
    (final,) = drive.of(Final)
    assert (final.text, final.reason) == (told.text, "turn")
    assert final.end == told.at
    assert drive.of(TurnResumed) == []


def test_whichever_comes_last_the_text_or_the_answer_the_pause_is_told_then() -> None:
    drive = paused(answering=False)
    answer(drive, 0.9)
    assert drive.of(TurnPaused) == []
    drive.answer(drive.jobs[-1])
    assert len(drive.of(TurnPaused)) == 1


def test_a_turn_that_is_likely_over_ends_soon_and_another_is_held() -> None:
    for probability, still_open_s, ended_s in ((0.9, 0.2, 0.4), (0.1, 0.7, 0.9)):
        drive = paused()
        answer(drive, probability)
        drive.feed(pcm(silence(still_open_s)))
        assert reasons(drive) == []
        drive.feed(pcm(silence(ended_s - still_open_s)))
        assert reasons(drive) == ["turn"]


def test_an_answer_that_never_comes_is_plain_silence() -> None:
    drive = paused()
    drive.feed(pcm(silence(0.5)))
    assert reasons(drive) == ["silence"]
    late = drive.questions.pop()
    assert late.within_s == pytest.approx(0.4)
    assert drive.session.handle(TurnJudged(0, late.utterance, late.pause, 0.9)) == []
    assert drive.of(TurnPaused) == []


def test_who_speaks_again_is_told_to_have_resumed_and_is_asked_about_anew() -> None:
    drive = paused()
    answer(drive, 0.1)
    drive.feed(pcm(silence(0.2)) + SPOKEN)
    pause(drive)
    kinds = [type(one) for one in drive.events if not isinstance(one, Partial)]
    assert kinds.count(TurnPaused) == kinds.count(TurnResumed) == 1
    assert drive.questions[-1].pause == 2
    answer(drive, 0.9)
    drive.feed(pcm(silence(0.5)))
    assert drive.of(TurnPaused)[-1].text == drive.of(Final)[0].text
    assert len(drive.of(Final)) == 1


def test_an_answer_about_a_pause_that_is_over_says_nothing() -> None:
    drive = paused()
    drive.feed(SPOKEN)
    answer(drive, 0.9)
    assert drive.of(TurnPaused) == drive.of(TurnResumed) == []


def test_without_partials_a_pause_is_told_all_the_same_and_no_partial_is() -> None:
    drive = paused(partials=False)
    answer(drive, 0.9)
    assert len(drive.of(TurnPaused)) == 1
    assert drive.of(Partial) == []


def test_without_the_option_nobody_is_asked() -> None:
    drive = driver()
    drive.feed(SPOKEN + pcm(silence(1.0)))
    assert drive.questions == []
    assert reasons(drive) == ["silence"]


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 4000), max_size=60), probability=st.floats(0, 1))
def test_the_question_and_the_decision_are_functions_of_the_samples(
    sizes: list[int], probability: float
) -> None:
    data = SPOKEN + pcm(silence(0.4)) + pcm(voice(0.5, seed=2)) + pcm(silence(0.4))
    one, other = driver(turn="auto"), driver(turn="auto")
    one.feed(data)
    other.feed(data, sizes)
    for drive in (one, other):
        assert len(drive.questions) == 2
        answer(drive, probability)
        drive.feed(pcm(silence(1.2)))
    assert np.array_equal(one.questions[-1].samples, other.questions[-1].samples)
    finals = [(final.text, final.end, final.reason) for final in one.of(Final)]
    assert finals == [(final.text, final.end, final.reason) for final in other.of(Final)]
