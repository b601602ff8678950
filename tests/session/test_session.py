"""The session core: bytes and hypotheses in, events and jobs out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sounds import Samples, click, pcm, room, silence, two_utterances, voice

from streamer.dispatch.job import Job, JobKind, Withdrawal
from streamer.session.channel import Output
from streamer.session.events import (
    Acknowledged,
    Done,
    EngineFailed,
    Event,
    Final,
    Flushed,
    Partial,
    SpeechEnded,
    SpeechStarted,
    Warned,
    WarningCode,
)
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Hypothesis, Word

FRAME_S = 0.02

Kind = TypeVar("Kind")


def hypothesis_for(job: Job) -> Hypothesis:
    """One word for each third of a second, so that longer audio has more text."""
    words = [f"word{number}" for number in range(int(job.clip.seconds * 3))]
    return Hypothesis(" ".join(words), tuple(range(len(words))), 0.9)


@dataclass
class Driver:
    """Plays the scheduler: answers each job at once, or keeps it for later."""

    session: Session
    answering: bool = True
    events: list[Event] = field(default_factory=list[Event])
    jobs: list[Job] = field(default_factory=list[Job])
    withdrawn: list[Withdrawal] = field(default_factory=list[Withdrawal])

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Job():
                    self.jobs.append(output)
                    if self.answering:
                        self.take(self.session.deliver(output, hypothesis_for(output)))
                case Withdrawal():
                    self.withdrawn.append(output)
                case _:
                    self.events.append(output)

    def feed(self, data: bytes, sizes: list[int] | None = None) -> None:
        """Feed pieces of these sizes, then the rest; by default as live audio comes."""
        if sizes is None:
            sizes = [640] * (len(data) // 640)
        for size in sizes:
            self.take(self.session.feed(data[:size]))
            data = data[size:]
        self.take(self.session.feed(data))

    def answer(self, job: Job) -> None:
        self.take(self.session.deliver(job, hypothesis_for(job)))

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def driver(*, answering: bool = True, **settings: object) -> Driver:
    chosen = StreamSettings.model_validate({"language": "en", **settings})
    return Driver(Session("s", chosen, min_speech_ms=160), answering)


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
        assert np.array_equal(job.clip.samples, heard[start:end])


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
    growing = [job for job in stream.jobs if not job.clip.exact]
    assert len(growing) >= 3
    assert len({job.clip.growing for job in growing}) == 1
    assert not any(job.clip.options.words for job in growing)
    assert all(job.kind is JobKind.PARTIAL for job in growing)
    stream = driver(vad="off")
    stream.feed(pcm(voice(1.5)))
    last = stream.jobs[-1]
    stream.take(stream.session.flush("now"))
    (final,) = [job for job in stream.jobs if job.kind is JobKind.FINAL]
    assert (last.clip.exact, final.clip.exact) == (False, True)
    assert len(stream.of(Final)) == 1


@pytest.mark.parametrize("sound", [silence(8), room(8), np.tile(click(1.0), 8)])
def test_what_is_not_speech_opens_nothing(sound: Samples) -> None:
    stream = driver()
    stream.feed(pcm(sound))
    stream.take(stream.session.stop())
    assert stream.of(SpeechStarted) == []


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
    first, second = stream.jobs
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
    stream.take(stream.session.fail(stream.jobs[0], "out of memory"))
    assert stream.of(Final)[0].text == ""
    assert stream.events[-1] == EngineFailed(0, 0, "out of memory")


def test_a_failed_partial_is_not_worth_a_word() -> None:
    stream = driver(answering=False)
    stream.feed(pcm(voice(1.0)))
    before = len(stream.events)
    stream.take(stream.session.fail(stream.jobs[0], "out of memory"))
    assert len(stream.events) == before


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
    stream.feed(pcm(silence(3.0)))
    stream.take(stream.session.flush(None))
    stream.feed(pcm(silence(0.5)))
    stream.take(stream.session.stop())
    reasons = [ended.reason for ended in stream.of(SpeechEnded)]
    assert reasons == [EndReason.LIMIT, EndReason.LIMIT, EndReason.FLUSH, EndReason.STOP]
    spans = [(final.start, final.end) for final in stream.of(Final)]
    assert spans[0][0] == 0
    assert spans[-1][1] == 3.5
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


def test_a_file_sent_in_a_moment_waits_behind_live_streams() -> None:
    stream = driver(answering=False, partials=False)
    stream.feed(pcm(np.tile(np.concatenate([voice(2.0), silence(1.0)]), 4)))
    slack = [job.slack_s for job in stream.jobs]
    assert slack[0] == 0
    assert slack == sorted(slack)
    assert slack[-1] > 5


splits = st.lists(st.integers(0, 20_000), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    splits,
    st.sampled_from([8000, 16000, 44100]),
    st.sampled_from(["pcm_s16le", "pcm_f32le"]),
    st.integers(1, 2),
)
def test_any_split_of_the_same_bytes_gives_the_same_outputs(
    sizes: list[int], rate: int, encoding: str, channels: int
) -> None:
    samples = np.concatenate([silence(0.3), voice(1.0), silence(0.8), voice(0.5)])
    samples = np.stack([np.roll(samples, 9000 * channel) for channel in range(channels)], axis=1)
    data = pcm(samples) if encoding == "pcm_s16le" else samples.astype("<f4").tobytes()
    chosen = {"encoding": encoding, "sample_rate": rate, "channels": channels}
    whole = driver(answering=False, **chosen)
    split = driver(answering=False, **chosen)
    whole.feed(data, [])
    split.feed(data, sizes)
    for stream in (whole, split):
        stream.take(stream.session.stop())
        for job in list(stream.jobs):
            stream.answer(job)
    assert whole.events == split.events
    assert [(job.key, job.kind, job.end) for job in whole.jobs] == [
        (job.key, job.kind, job.end) for job in split.jobs
    ]
    for one, other in zip(whole.jobs, split.jobs, strict=True):
        assert np.array_equal(one.clip.samples, other.clip.samples)


sounds = st.tuples(
    st.sampled_from(["voice", "silence", "room"]), st.sampled_from([0.1, 0.25, 0.49, 1.0, 1.5])
)
pieces = st.lists(sounds, max_size=6)
answers = st.lists(st.integers(0, 50), max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces, answers, st.integers(0, 8), st.sampled_from(["webrtc", "off"]))
def test_every_start_has_one_final_in_order_whatever_the_engine_does(
    sounds: list[tuple[str, float]], order: list[int], flush_at: int, vad: str
) -> None:
    makers = {"voice": voice, "silence": silence, "room": room}
    stream = driver(answering=False, vad=vad, max_utterance_s=1.5)
    for at, (kind, seconds) in enumerate(sounds):
        stream.feed(pcm(makers[kind](seconds)))
        if at == flush_at:
            stream.take(stream.session.flush("f"))
    stream.take(stream.session.stop())
    waiting = list(stream.jobs)
    for pick in order:
        if waiting:
            stream.answer(waiting.pop(pick % len(waiting)))
    for job in waiting:
        if job.kind is JobKind.FINAL and len(job.clip.samples) % 3 == 0:
            stream.take(stream.session.fail(job, "broken"))
        else:
            stream.answer(job)
    started = [event.utterance for event in stream.of(SpeechStarted)]
    finals = stream.of(Final)
    assert started == [final.utterance for final in finals] == list(range(len(finals)))
    assert isinstance(stream.events[-1], Done)
    for before, after in itertools.pairwise(finals):
        assert before.end <= after.start
    for final in finals:
        at = stream.events.index(final)
        assert not any(
            isinstance(event, Partial) and event.utterance == final.utterance
            for event in stream.events[at:]
        )
    if vad == "off":  # no silence between utterances: together they are the stream
        total = sum(final.end - final.start for final in finals)
        assert total == pytest.approx(stream.of(Done)[0].audio, abs=FRAME_S)


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
