"""One budget for what sessions hold: who is let in, and who gives way."""

from __future__ import annotations

from typing import TypeVar, cast

from engines import words_of
from sounds import pcm, voice

from streamer.dispatch.account import Account
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.queue import Listener
from streamer.pipeline.memory_budget import SESSION_BYTES, MemoryBudget
from streamer.pipeline.runner import SessionRunner
from streamer.session.events import Done, Event, Final, SpeechEnded, SpeechStarted, Warned
from streamer.session.inputs import Audio, Stop
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.end_reason import EndReason

SECOND = pcm(voice(1.0))
SECOND_BYTES = len(SECOND)


Told = TypeVar("Told", bound=Event)


class Queue:
    """Stands for a dispatcher that keeps every job."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def open_account(self) -> Account:
        return Account(0.0)

    def submit(self, job: Job, _: Listener) -> None:
        self.jobs.append(job)

    def withdraw(self, key: UtteranceKey) -> None: ...

    def withdraw_session(self, session: str) -> None: ...


class Speaker:
    """A session whose utterances nothing but a flush, the limit or a lack of memory ends."""

    def __init__(self, memory: MemoryBudget, **settings: object) -> None:
        self.queue, self.told = Queue(), list[Event]()
        chosen = StreamSettings.model_validate(
            {"language": "en", "vad": "off", "partials": False, **settings}
        )
        self.runner = SessionRunner(
            Session("s", chosen, min_speech_ms=160),
            cast("Dispatcher", self.queue),
            self.told.append,
            memory=memory,
        )

    def say(self, seconds: int) -> int:
        """Speak second by second, as long as it is read; returns how many were."""
        for said in range(seconds):
            if not self.runner.writable:
                return said
            self.runner.handle(Audio(SECOND))
        return seconds

    def answer(self) -> None:
        while finals := [job for job in self.queue.jobs if job.kind is JobKind.FINAL]:
            self.queue.jobs.remove(finals[0])
            self.runner.on_result(finals[0], words_of(finals[0].clip))

    def of(self, kind: type[Told]) -> list[Told]:
        return [event for event in self.told if isinstance(event, kind)]


def room_for(sessions: int, seconds: float) -> MemoryBudget:
    return MemoryBudget(sessions * SESSION_BYTES + round(seconds * SECOND_BYTES))


def test_a_session_is_let_in_as_long_as_a_quarter_stays_free() -> None:
    memory = MemoryBudget(8 * SESSION_BYTES)
    speakers = [Speaker(memory) for _ in range(5)]
    assert memory.admits
    speakers.append(Speaker(memory))
    assert not memory.admits
    speakers[0].runner.close()
    assert memory.admits
    for speaker in speakers:
        speaker.runner.close()
    assert memory.held == 0


def test_what_is_said_counts_as_sixteen_bits_until_its_final_has_come() -> None:
    memory = MemoryBudget()
    speaker = Speaker(memory)
    speaker.say(20)
    spoken = memory.held - SESSION_BYTES
    assert 20 <= spoken / SECOND_BYTES <= 20.5
    speaker.runner.handle(Stop())
    assert 20 <= (memory.held - SESSION_BYTES) / SECOND_BYTES <= 20.5
    speaker.answer()
    assert memory.held - SESSION_BYTES <= SECOND_BYTES


def test_who_holds_most_is_cut_short_and_waits_for_its_finals() -> None:
    memory = room_for(2, 15)
    long, short = Speaker(memory), Speaker(memory)
    assert short.say(3) == 3
    said = long.say(30)
    assert 11 <= said <= 14
    assert [event.reason for event in long.of(SpeechEnded)] == [EndReason.LIMIT]
    assert [event.code for event in long.of(Warned)] == ["cut_short", "audio_ahead"]
    assert not short.of(SpeechEnded)
    long.answer()
    assert long.runner.writable
    assert not memory.is_full


def test_nothing_is_lost_of_what_is_cut_short() -> None:
    memory = room_for(1, 4)
    speaker = Speaker(memory)
    said = 0
    while said < 40:
        said += speaker.say(40 - said)
        speaker.answer()
    speaker.runner.handle(Stop())
    speaker.answer()
    finals = speaker.of(Final)
    assert len(finals) > 5
    assert finals[0].start == 0
    assert [one.start for one in finals[1:]] == [one.end for one in finals[:-1]]
    assert finals[-1].end == 40
    assert len(speaker.of(SpeechStarted)) == len(finals)
    assert speaker.of(Done)


def test_however_many_speak_none_takes_more_than_a_second_beyond_the_budget() -> None:
    memory = room_for(20, 40)
    speakers = [Speaker(memory) for _ in range(20)]
    for turn in range(60):
        for speaker in speakers:
            speaker.say(1)
        assert memory.held <= memory.limit + 20 * 1.5 * SECOND_BYTES
        speakers[turn % 20].answer()
    assert all(speaker.of(SpeechEnded) for speaker in speakers)


def test_one_that_waits_for_its_client_gives_way_as_well() -> None:
    memory = room_for(2, 20)
    away, here = Speaker(memory), Speaker(memory)
    away.say(12)
    here.say(11)
    assert away.of(SpeechEnded)
