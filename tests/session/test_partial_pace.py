"""How often an utterance is heard again while it goes on."""

from __future__ import annotations

import itertools

import pytest
from sounds import pcm, voice

from streamer.dispatch.job import Job, JobKind
from streamer.session.asking import PARTIAL_PACE
from streamer.session.inputs import Audio
from streamer.session.session import Session
from streamer.session.settings import StreamSettings


def heard_until(seconds: float, interval_ms: int = 300) -> list[float]:
    """How many seconds of one long utterance each partial is asked for."""
    settings = StreamSettings(language="en", vad="off", partial_interval_ms=interval_ms)
    session, audio = Session("s", settings, min_speech_ms=160), pcm(voice(seconds))
    jobs = [
        output
        for at in range(0, len(audio), 640)
        for output in session.handle(Audio(audio[at : at + 640]))
        if isinstance(output, Job)
    ]
    assert {job.kind for job in jobs} <= {JobKind.PARTIAL}
    return [job.clip.seconds for job in jobs]


def test_a_short_utterance_is_heard_again_as_often_as_was_asked() -> None:
    assert heard_until(1.25) == pytest.approx([0.32, 0.62, 0.92, 1.22], abs=0.03)


def test_the_longer_an_utterance_is_the_more_it_grows_between_two_partials() -> None:
    ends = heard_until(20.0)
    for earlier, later in itertools.pairwise(ends):
        assert later - earlier == pytest.approx(max(0.3, PARTIAL_PACE * earlier), abs=0.03)
    assert sum(ends) < 0.2 * sum(0.3 * n for n in range(1, 67))


def test_an_interval_that_was_asked_for_is_never_shortened() -> None:
    ends = heard_until(10.0, interval_ms=2000)
    assert all(later - earlier > 1.99 for earlier, later in itertools.pairwise(ends))
