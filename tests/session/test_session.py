"""The session core: bytes and hypotheses in, events and jobs out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from session.driver import FRAME_S, driver
from sounds import Samples, click, pcm, room, silence, two_utterances, voice

from streamer.session.events import (
    Acknowledged,
    Done,
    Final,
    Flushed,
    SpeechEnded,
    SpeechStarted,
    Warned,
    WarningCode,
)
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason


def test_speech_becomes_utterances_with_one_final_each() -> None:
    stream = driver()
    stream.feed(pcm(two_utterances()))
    stream.take(stream.session.stop())
    assert [final.utterance for final in stream.of(Final)] == [0, 1]
    assert [ended.reason for ended in stream.of(SpeechEnded)] == [EndReason.SILENCE] * 2
    assert isinstance(stream.events[-1], Done)


def test_times_are_seconds_of_audio_exact_to_a_frame() -> None:
    stream = driver()
    stream.feed(pcm(two_utterances()))
    first, second = stream.of(SpeechStarted)
    # The voice begins at 0.7 s and 3.2 s; the pre-roll is 0.3 s; the detector may need a frame.
    assert first.at == pytest.approx(0.4, abs=2 * FRAME_S)
    assert second.at == pytest.approx(2.9, abs=2 * FRAME_S)
    for event in stream.events:
        if isinstance(event, (SpeechStarted, SpeechEnded)):
            assert event.at / FRAME_S == pytest.approx(round(event.at / FRAME_S))


def test_the_samples_of_an_utterance_are_those_of_the_stream() -> None:
    stream = driver(partials=False)
    samples = two_utterances()
    stream.feed(pcm(samples))
    heard = (samples * 32767).astype("<i2").astype(np.float32) / np.float32(32768)
    for job, final in zip(stream.jobs, stream.of(Final), strict=True):
        start, end = round(final.start * SAMPLE_RATE), round(final.end * SAMPLE_RATE)
        assert np.array_equal(job.clip.loaded().samples, heard[start:end])


@pytest.mark.parametrize("sound", [silence(8), room(8), np.tile(click(1.0), 8)])
def test_what_is_not_speech_opens_nothing(sound: Samples) -> None:
    stream = driver()
    stream.feed(pcm(sound))
    stream.take(stream.session.stop())
    assert stream.of(SpeechStarted) == []


def test_flush_closes_the_open_utterance_and_is_answered_after_its_final() -> None:
    stream = driver(answering=False, partials=False)
    stream.feed(pcm(voice(1.0)))
    stream.take(stream.session.flush("a"))
    assert stream.of(SpeechEnded)[0].reason is EndReason.FLUSH
    assert stream.of(Flushed) == []
    stream.answer(stream.jobs[0])
    assert stream.events[-1] == Flushed("a")


def test_flush_in_silence_is_answered_at_once() -> None:
    stream = driver()
    stream.feed(pcm(silence(0.5)))
    stream.take(stream.session.flush("b"))
    assert stream.events == [Flushed("b")]


def test_stop_twice_is_stop_once() -> None:
    stream = driver()
    stream.feed(pcm(voice(1.0)))
    stream.take(stream.session.stop())
    stream.take(stream.session.stop())
    assert len(stream.of(Done)) == 1


def test_stop_closes_behind_the_very_last_sample() -> None:
    stream = driver()
    samples = voice(1.005)
    stream.feed(pcm(samples))
    stream.take(stream.session.stop())
    assert stream.of(Final)[0].end == len(samples) / SAMPLE_RATE
    assert stream.of(Done)[0].audio == len(samples) / SAMPLE_RATE


def test_audio_after_stop_is_warned_of_once_and_ignored() -> None:
    stream = driver()
    stream.take(stream.session.stop())
    stream.feed(pcm(voice(2.0)))
    stream.feed(pcm(voice(2.0)))
    assert [warned.code for warned in stream.of(Warned)] == [WarningCode.AUDIO_AFTER_STOP]
    assert stream.of(SpeechStarted) == []


def test_half_a_sample_at_the_end_is_warned_of_and_loses_nothing_else() -> None:
    stream = driver()
    stream.feed(pcm(voice(1.0)) + b"\x01")
    stream.take(stream.session.stop())
    assert stream.of(Final)[0].end == 1.0
    assert stream.of(Warned)[0].code is WarningCode.INCOMPLETE_SAMPLE


def test_samples_that_are_not_finite_are_warned_of_once() -> None:
    stream = driver(encoding="pcm_f32le")
    bad = np.full(4000, np.nan, "<f4").tobytes()
    stream.feed(bad)
    stream.feed(bad)
    assert [warned.code for warned in stream.of(Warned)] == [WarningCode.INVALID_SAMPLES]


def test_without_detection_only_commands_and_the_limit_close() -> None:
    stream = driver(vad="off", max_utterance_s=2)
    stream.feed(pcm(silence(3.1)))
    stream.take(stream.session.flush(None))
    stream.feed(pcm(silence(0.5)))
    stream.take(stream.session.stop())
    reasons = [ended.reason for ended in stream.of(SpeechEnded)]
    assert reasons == [EndReason.LIMIT, EndReason.LIMIT, EndReason.FLUSH, EndReason.STOP]
    spans = [(final.start, final.end) for final in stream.of(Final)]
    assert spans[0][0] == 0
    assert spans[-1][1] == 3.6
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))


def test_channels_are_streams_of_their_own() -> None:
    stream = driver(channels=2)
    agent = np.concatenate([voice(1.0), silence(3.0)])
    customer = np.concatenate([silence(2.0), voice(1.0), silence(1.0)])
    stream.feed(pcm(np.stack([agent, customer]).T.reshape(-1)))
    stream.take(stream.session.stop())
    assert [(final.channel, final.utterance) for final in stream.of(Final)] == [(0, 0), (1, 0)]


def test_configure_holds_from_the_next_utterance_on() -> None:
    stream = driver(partials=False)
    stream.feed(pcm(voice(1.0)))
    changed = stream.session.settings.model_copy(update={"language": "de"})
    stream.session.configure(changed)
    stream.feed(pcm(np.concatenate([silence(1.0), voice(1.0), silence(1.0)])))
    assert [job.clip.options.language for job in stream.jobs] == ["en", "de"]
    assert [final.language for final in stream.of(Final)] == ["en", "de"]


def test_audio_is_acknowledged_each_second_up_to_what_a_final_may_still_touch() -> None:
    stream = driver()
    stream.feed(pcm(np.concatenate([silence(2.0), voice(1.5), silence(2.5)])))
    acknowledged = [event.audio for event in stream.of(Acknowledged)]
    assert len(acknowledged) == 6
    assert acknowledged == sorted(acknowledged)
    assert acknowledged[2] == stream.of(Final)[0].start
    assert acknowledged[-1] > stream.of(Final)[0].end


def test_nothing_owed_is_acknowledged() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(np.concatenate([voice(1.5), silence(5.0)])))
    assert {event.audio for event in stream.of(Acknowledged)} == {0.0}


def test_a_flush_is_answered_behind_its_own_finals_whatever_is_open_by_then() -> None:
    stream = driver(answering=False, vad="off", partials=False)
    for flush_id in ("a", "b"):
        stream.feed(pcm(voice(1.0)))
        stream.take(stream.session.flush(flush_id))
    stream.feed(pcm(voice(0.5)))
    first, second = stream.jobs
    stream.answer(first)
    assert stream.of(Flushed) == [Flushed("a")]
    stream.answer(second)
    assert stream.of(Flushed) == [Flushed("a"), Flushed("b")]


def test_what_is_owed_is_as_long_as_the_closed_utterances_are() -> None:
    stream = driver(answering=False, vad="off", partials=False)
    for _ in range(2):
        stream.feed(pcm(voice(1.0)))
        stream.take(stream.session.flush(None))
    assert stream.session.owed_s == 2.0
    stream.answer(stream.jobs[0])
    assert stream.session.owed_s == 1.0
