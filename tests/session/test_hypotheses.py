"""What a session asks the engine for, and what it makes of the answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from session.driver import driver, hypothesis_for
from sounds import pcm, silence, two_utterances, voice

from streamer.dispatch.job import JobKind, Withdrawal
from streamer.session.events import (
    EngineFailed,
    Final,
    Partial,
    SpeechEnded,
)
from streamer.speech.hypothesis import Hypothesis, Word


def test_words_are_told_in_seconds_of_the_channel_inside_their_final() -> None:
    stream = driver(answering=False, words=True, partials=False)
    stream.feed(pcm(two_utterances()))
    stream.take(stream.session.stop())
    for job in stream.jobs:
        assert job.clip.options.words
        words = (Word("a", -0.2, 0.4, 1.0), Word("b", 0.3, 0.9, 0.5), Word("c", 0.8, 99.0, 0.5))
        stream.take(stream.session.deliver(job, Hypothesis("a b c", (1, 2, 3), 0.5, words)))
    for final in stream.of(Final):
        assert final.words is not None
        times = [time for word in final.words for time in (word.start, word.end)]
        assert times[:1] + times[-1:] == [final.start, final.end]
        assert times == sorted(times)
        assert times[1] == pytest.approx(final.start + 0.4)
        assert [word.text for word in final.words] == ["a", "b", "c"]


def test_finals_have_no_words_where_nobody_asked() -> None:
    stream = driver()
    stream.feed(pcm(two_utterances()))
    assert not any(job.clip.options.words for job in stream.jobs)
    assert all(final.words is None for final in stream.of(Final))


def test_only_an_exact_hypothesis_becomes_the_final() -> None:
    """Partials in mid-speech reuse features; the one asked for as a pause begins does not."""
    stream = driver(words=True)
    stream.feed(pcm(np.concatenate([voice(1.5), silence(0.2)])))
    incremental = [job for job in stream.jobs if not job.clip.exact]
    assert len(incremental) >= 3
    assert len({job.clip.incremental for job in incremental}) == 1
    assert not any(job.clip.options.words for job in incremental)
    assert all(job.kind is JobKind.PARTIAL for job in incremental)
    stream = driver(vad="off")
    stream.feed(pcm(voice(1.5)))
    last = stream.jobs[-1]
    stream.take(stream.session.flush("now"))
    (final,) = [job for job in stream.jobs if job.kind is JobKind.FINAL]
    assert (last.clip.exact, final.clip.exact) == (False, True)
    assert len(stream.of(Final)) == 1


def test_partials_grow_and_their_stable_prefix_stays() -> None:
    stream = driver()
    stream.feed(pcm(np.concatenate([voice(4.0), silence(1.0)])))
    partials = stream.of(Partial)
    assert len(partials) > 8
    for earlier, later in itertools.pairwise(partials):
        assert later.text.startswith(earlier.text[: earlier.stable])
        assert later.stable >= earlier.stable
        assert later.end - earlier.end > 0.299 or later is partials[-1]  # or settled


def test_a_settled_utterance_has_its_final_the_moment_it_closes() -> None:
    stream = driver()
    stream.feed(pcm(np.concatenate([voice(2.0), silence(1.0)])))
    assert {job.kind for job in stream.jobs} == {JobKind.PARTIAL}
    ended = stream.events.index(stream.of(SpeechEnded)[0])
    assert isinstance(stream.events[ended + 1], Final)


def test_a_settled_hypothesis_that_comes_late_is_the_final_and_withdraws_the_job() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(np.concatenate([voice(2.0), silence(1.0)])))
    settled, final = stream.jobs[-2:]
    assert (settled.kind, final.kind) == (JobKind.PARTIAL, JobKind.FINAL)
    assert settled.end == final.end
    stream.answer(settled)
    assert len(stream.of(Final)) == 1
    assert stream.withdrawn == [Withdrawal(final.key)]
    stream.answer(final)
    assert len(stream.of(Final)) == 1


def test_what_may_do_as_the_final_goes_before_all_other_partials() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(np.concatenate([voice(2.0), silence(0.5)])))
    *others, settled = stream.jobs
    assert settled.clip.exact
    assert settled.slack_s == 0
    assert {job.slack_s for job in others} == {0.3}


def test_each_job_drafts_what_was_heard_last() -> None:
    stream = driver()
    stream.feed(pcm(voice(2.0)))
    first, *others = stream.jobs
    assert first.clip.draft == ()
    for earlier, later in itertools.pairwise([first, *others]):
        assert later.clip.draft == hypothesis_for(earlier).tokens


def test_finals_keep_their_order_when_answers_do_not() -> None:
    stream = driver(answering=False, partials=False)
    stream.feed(pcm(two_utterances()))
    first, second = [job for job in stream.jobs if job.kind is JobKind.FINAL]
    stream.answer(second)
    assert stream.of(Final) == []
    stream.answer(first)
    assert [final.utterance for final in stream.of(Final)] == [0, 1]


def test_no_partial_follows_the_final_of_its_utterance() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(np.concatenate([voice(2.0), silence(1.0)])))
    *partials, final = stream.jobs
    stream.answer(final)
    for job in partials:
        stream.answer(job)
    assert isinstance(stream.events[-1], Final)


def test_a_failed_final_is_empty_and_says_so() -> None:
    stream = driver(answering=False, partials=False)
    stream.feed(pcm(np.concatenate([voice(1.0), silence(1.0)])))
    early, final = stream.jobs
    stream.take(stream.session.fail(early, "out of memory"))
    assert stream.of(Final) == []
    stream.take(stream.session.fail(final, "out of memory"))
    assert stream.of(Final)[0].text == ""
    assert stream.events[-1] == EngineFailed(0, 0, "out of memory")


def test_a_failed_partial_is_not_worth_a_word() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(voice(1.0)))
    before = len(stream.events)
    stream.take(stream.session.fail(stream.jobs[0], "out of memory"))
    assert len(stream.events) == before
