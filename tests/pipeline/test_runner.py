"""The runner: what it hands to the session, whom it tells, and when it takes more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import numpy as np
from engines import words_of
from sounds import pcm, silence, two_utterances, voice

from streamer.dispatch.account import Account
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.queue import Listener
from streamer.pipeline.runner import MAX_OWED_S, SLOWED_AFTER, SessionRunner
from streamer.pipeline.turn_judge import TurnJudge
from streamer.session.events import Done, Event, Final, Warned, WarningCode
from streamer.session.inputs import (
    Audio,
    AudioHeld,
    Flush,
    Input,
    JobDone,
    PartialsSlowed,
    Stop,
    TurnJudged,
)
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings


class Queue:
    """Stands where the dispatcher stands, and answers when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.gone: list[str] = []

    def submit(self, job: Job, listener: Listener) -> None:
        self.jobs.append(job)

    def withdraw(self, key: UtteranceKey) -> None:
        self.jobs = [job for job in self.jobs if job.key != key]

    def open_account(self) -> Account:
        return Account(0.0)

    def withdraw_session(self, session: str) -> None:
        self.gone.append(session)


class Observer:
    def __init__(self) -> None:
        self.seen: list[Input | Event | str] = []

    def on_input(self, given: Input) -> None:
        self.seen.append(given)

    def on_event(self, event: Event) -> None:
        self.seen.append(event)

    def on_close(self) -> None:
        self.seen.append("closed")


class Bench:
    def __init__(self, **settings: object) -> None:
        self.queue, self.observer, self.told = Queue(), Observer(), list[Event]()
        chosen = StreamSettings.model_validate({"language": "en", **settings})
        session = Session("s", chosen, min_speech_ms=160)
        dispatcher = cast("Dispatcher", self.queue)
        self.runner = SessionRunner(session, dispatcher, self.told.append, [self.observer])

    def answer_finals(self) -> None:
        for job in [job for job in self.queue.jobs if job.kind is JobKind.FINAL]:
            self.queue.jobs.remove(job)
            self.runner.on_result(job, words_of(job.clip))


async def test_observers_see_every_input_and_event_in_order() -> None:
    bench = Bench(partials=False)
    audio, flush, stop = Audio(pcm(two_utterances())), Flush("here"), Stop()
    for given in (audio, flush, stop):
        bench.runner.handle(given)
    bench.answer_finals()
    bench.runner.close()
    bench.runner.close()
    seen = bench.observer.seen
    assert seen[0] is audio, "what is handed over is what is observed: nothing is boxed again"
    assert seen.index(flush) < seen.index(stop)
    assert seen[-1] == "closed"
    assert seen.count("closed") == 1
    assert len([one for one in seen if isinstance(one, JobDone)]) == 2
    told = [one for one in seen if isinstance(one, Final | Done)]
    assert told == [one for one in bench.told if isinstance(one, Final | Done)]
    assert bench.queue.gone == ["s"]


async def test_what_owes_too_much_takes_no_more_until_finals_have_come() -> None:
    bench = Bench(partials=False)
    piece = Audio(pcm(voice(10.0)) + pcm(silence(1.0)))
    fed = 0.0
    while bench.runner.writable:
        bench.runner.handle(piece)
        fed += 11.0
    assert MAX_OWED_S <= fed < MAX_OWED_S + 30
    assert bench.observer.seen.count(AudioHeld()) == 1
    assert WarningCode.AUDIO_AHEAD in [one.code for one in bench.told if isinstance(one, Warned)]
    waiting = asyncio.create_task(bench.runner.wait_writable())
    await asyncio.sleep(0)
    assert not waiting.done()
    bench.answer_finals()
    await asyncio.wait_for(waiting, 1)
    assert bench.runner.writable


async def test_who_waits_is_let_go_when_the_session_is_closed() -> None:
    bench = Bench(partials=False)
    piece = Audio(pcm(voice(10.0)) + pcm(silence(1.0)))
    while bench.runner.writable:
        bench.runner.handle(piece)
    bench.runner.close()
    await asyncio.wait_for(bench.runner.wait_writable(), 1)


async def test_partials_superseded_in_a_row_are_told_once() -> None:
    bench = Bench()
    bench.runner.handle(Audio(pcm(voice(2.0))))
    job = bench.queue.jobs[0]
    for _ in range(SLOWED_AFTER + 2):
        bench.runner.on_superseded(job)
    assert bench.observer.seen.count(PartialsSlowed()) == 1


class Judge:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.answers: list[Callable[[float], None]] = []

    def ask(self, question: AskTurn, answer: Callable[[float], None]) -> None:
        self.answers.append(answer)


class Asking(Session):
    """Asks about a pause whatever it is given."""

    def handle(self, given: Input) -> list[Output]:
        samples = np.zeros(0, np.float32)
        return [] if isinstance(given, TurnJudged) else [AskTurn(0, 3, 2, samples, 0.4)]


async def test_what_a_judge_answers_is_an_input_of_the_session_until_that_is_closed() -> None:
    judge, observer = Judge(), Observer()
    session = Asking("s", StreamSettings(language="en"), min_speech_ms=160)
    dispatcher = cast("Dispatcher", Queue())
    runner = SessionRunner(
        session, dispatcher, lambda event: None, [observer], judge=cast("TurnJudge", judge)
    )
    runner.handle(Flush(None))
    runner.handle(Flush(None))
    judge.answers[0](0.75)
    runner.close()
    judge.answers[1](0.5)
    judged = [one for one in observer.seen if isinstance(one, TurnJudged)]
    assert judged == [TurnJudged(0, 3, 2, 0.75)]
