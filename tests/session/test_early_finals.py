"""A final's text is asked for while the silence is young, and stands if nobody speaks again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session.driver import FRAME_S, Driver, driver
from sounds import pcm, silence, voice

from streamer.dispatch.job import JobKind
from streamer.session.events import Final, Flushed, Partial, SpeechEnded
from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.endpointing import POST_ROLL_MS

HANGOVER_S = 0.15
"""For how long, at most, WebRTC's detector takes silence for speech."""


def paused(silence_s: float, *, answering: bool = True, **more: object) -> Driver:
    stream = driver(answering=answering, **more)
    stream.feed(pcm(np.concatenate([voice(2.0), silence(silence_s)])))
    return stream


def early(stream: Driver) -> list[float]:
    """Where the early jobs end, in seconds of the stream."""
    exact = [job for job in stream.jobs if job.clip.exact and job.kind is JobKind.PARTIAL]
    return [job.end / SAMPLE_RATE for job in exact]


@pytest.mark.parametrize("partials", [True, False])
def test_the_text_is_asked_for_80_ms_after_the_last_word(partials: bool) -> None:
    (end,) = early(paused(0.5, partials=partials))
    assert 2.0 + POST_ROLL_MS / 1000 - FRAME_S <= end <= 2.0 + POST_ROLL_MS / 1000 + HANGOVER_S


def test_who_wants_no_partials_gets_none_of_it() -> None:
    assert paused(0.5, partials=False).of(Partial) == []


@pytest.mark.parametrize("partials", [True, False])
def test_a_decision_finds_the_text_ready(partials: bool) -> None:
    stream = paused(1.0, partials=partials)
    assert [job.kind for job in stream.jobs if job.kind is JobKind.FINAL] == []
    ended, final = stream.events.index(stream.of(SpeechEnded)[0]), stream.of(Final)[0]
    assert stream.events[ended + 1] == final
    assert final.end == early(stream)[0]


@pytest.mark.parametrize("close", ["flush", "stop"])
@pytest.mark.parametrize("vad", ["webrtc", "off"])
@pytest.mark.parametrize("partials", [True, False])
def test_who_asks_for_the_final_meanwhile_gets_it_at_once(
    close: str, vad: str, partials: bool
) -> None:
    stream = paused(0.4, vad=vad, partials=partials)
    asked = len(stream.jobs)
    stream.take(stream.session.flush("now") if close == "flush" else stream.session.stop())
    assert len(stream.jobs) == asked
    assert stream.of(Final)[0].end == early(stream)[0]
    assert close == "stop" or stream.events[-1] == Flushed("now")


def test_what_is_asked_for_before_the_text_is_there_needs_no_other_audio() -> None:
    stream = paused(0.4, answering=False)
    stream.take(stream.session.flush("now"))
    final = stream.jobs[-1]
    assert final.kind is JobKind.FINAL
    assert final.end / SAMPLE_RATE == early(stream)[0]


def test_a_sound_in_between_is_heard_before_a_flush_is_answered() -> None:
    stream = paused(0.4)
    stream.feed(pcm(voice(0.06, seed=2)))
    stream.take(stream.session.flush("now"))
    assert stream.jobs[-1].kind is JobKind.FINAL
    assert stream.of(Final)[0].end == pytest.approx(2.46)


def test_speech_that_goes_on_discards_it() -> None:
    stream = paused(0.4)
    stream.feed(pcm(np.concatenate([voice(1.0, seed=2), silence(0.8)])))
    assert len(early(stream)) == 2
    assert [final.end for final in stream.of(Final)] == early(stream)[1:]


def test_nothing_is_asked_for_early_while_a_final_is_owed() -> None:
    stream = driver(answering=False, partials=False)
    stream.feed(pcm(np.tile(np.concatenate([voice(1.0), silence(1.0)]), 3)))
    assert len(early(stream)) == 1
    assert len([job for job in stream.jobs if job.kind is JobKind.FINAL]) == 3


words = st.lists(
    st.tuples(st.sampled_from([0.3, 0.8]), st.sampled_from([0.1, 0.3, 0.9])), max_size=6
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words, st.integers(0, 40), st.booleans())
def test_no_word_is_left_out_wherever_somebody_asks_for_the_final(
    sounds: list[tuple[float, float]], flush_at: int, answering: bool
) -> None:
    """All that the detector took for speech while an utterance was open lies in one."""
    parts = [part for said, still in sounds for part in (voice(said), silence(still))]
    data = pcm(np.concatenate([silence(0.1), *parts]))
    stream = driver(answering=answering)
    stream.feed(data[: flush_at * 3200])
    stream.take(stream.session.flush("now"))
    stream.feed(data[flush_at * 3200 :])
    stream.take(stream.session.stop())
    for job in stream.jobs:
        stream.answer(job)
    finals = stream.of(Final)
    for before, after in itertools.pairwise(finals):
        assert before.end <= after.start
    at = 0.1
    for said, still in sounds:
        if said > 0.5 and not at <= flush_at / 10 <= at + said:
            assert any(one.start <= at + 0.05 and at + said - 0.05 <= one.end for one in finals)
        at += said + still
