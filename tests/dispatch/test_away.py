"""Engines that are away for a while, and that ask for a pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from by_hand import EngineByHand
from dispatch.dispatching import Answers, job

from streamer.dispatch import dispatcher as dispatching
from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, JobKind
from streamer.speech.hypothesis import EngineError

AWAY = EngineError("connection refused", away=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def running(engine: EngineByHand, clock: Clock) -> AsyncGenerator[Dispatcher]:
    dispatcher = Dispatcher(engine, clock=clock)
    dispatcher.start()
    yield dispatcher
    await dispatcher.close()


def growing(seconds: float, channel: str = "s") -> Job:
    one = job(0, JobKind.PARTIAL, seconds, channel)
    return replace(one, clip=replace(one.clip, incremental="s/0/0"))


async def test_a_final_is_tried_for_as_long_as_the_engine_may_be_away() -> None:
    engine, answers, clock = EngineByHand(), Answers(), Clock()
    async with running(engine, clock) as dispatcher:
        dispatcher.submit(job(0), answers)
        for _ in range(5):
            engine.answer(AWAY)
            clock.now += 10
        assert len(engine.log) == 6, "it says nothing of the clip, so it is no attempt"
        engine.answer()
        await answers.wait_for(1)
    assert answers.heard_texts == {0: "word0 word1 word2"}


async def test_then_it_is_an_explicit_error() -> None:
    engine, answers, clock = EngineByHand(), Answers(), Clock()
    async with running(engine, clock) as dispatcher:
        dispatcher.submit(job(0), answers)
        engine.answer(AWAY)
        clock.now += 61
        engine.answer(AWAY)
        await answers.wait_for(1)
    assert answers.failures == {0: "the engine is away"}


async def test_a_partial_is_not_worth_another_try() -> None:
    engine, answers = EngineByHand(), Answers()
    async with running(engine, Clock()) as dispatcher:
        dispatcher.submit(growing(1.0), answers)
        engine.answer(AWAY)
        await answers.wait_for(1)
    assert engine.log == [1.0]


async def test_what_waits_for_an_engine_in_trouble_is_given_up_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatching, "LOOK_S", 0.001)
    engine, answers, clock = EngineByHand(trouble="engines gone"), Answers(), Clock()
    async with running(engine, clock) as dispatcher:
        dispatcher.submit(job(0), answers)
        clock.now += 50
        dispatcher.submit(job(1), answers)
        await asyncio.sleep(0.01)
        assert not answers.failures
        clock.now += 11
        await answers.wait_for(1)
        assert answers.failures == {0: "the engine is away"}
        engine.change(None)
        engine.answer()
        await answers.wait_for(2)
    assert list(answers.heard_texts) == [1], "what came later has not waited for so long"


async def test_a_backlog_is_not_given_up_because_the_engine_stumbles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatching, "LOOK_S", 0.001)
    engine, answers, clock = EngineByHand(slots=1), Answers(), Clock()
    async with running(engine, clock) as dispatcher:
        for utterance in range(2):
            dispatcher.submit(job(utterance), answers)
        clock.now += 600
        await asyncio.sleep(0.01)
        engine.trouble = "engine restarting"
        await asyncio.sleep(0.01)
        assert not answers.failures
        engine.trouble = None
        engine.answer()
        engine.answer()
        await answers.wait_for(2)
    assert not answers.failures


async def test_where_there_is_a_pace_one_clip_of_a_growing_utterance_is_in_flight() -> None:
    engine, answers, clock = EngineByHand(partial_every_s=0.7), Answers(), Clock()
    async with running(engine, clock) as dispatcher:
        dispatcher.submit(growing(0.3), answers)
        clock.now += 0.3
        dispatcher.submit(growing(0.6), answers)
        assert engine.log == [0.3]
        engine.answer()
        assert engine.log == [0.3], "it would be too soon"
        clock.now += 0.5
        dispatcher.submit(growing(1.1), answers)
        assert engine.log == [0.3, 1.1], "the newest, at its time"
        clock.now += 2
        dispatcher.submit(growing(3.1), answers)
        assert engine.log == [0.3, 1.1], "not beside the other"
        dispatcher.submit(growing(0.3, "other"), answers)
        assert engine.log == [0.3, 1.1, 0.3], "every channel has its own pace"
        dispatcher.submit(job(0, JobKind.FINAL, 3.2), answers)
        assert engine.log == [0.3, 1.1, 0.3, 3.2]
        assert [clip.seconds for clip, _ in engine.in_flight.values()] == [0.3, 3.2], (
            "a final waits for nothing, and the partial is cancelled"
        )


async def test_an_engine_in_trouble_is_as_late_as_it_has_been_so() -> None:
    engine, clock = EngineByHand(), Clock()
    async with running(engine, clock) as dispatcher:
        clock.now += 5
        assert dispatcher.lateness_s == 0
        engine.change("engine restarting")
        clock.now += 3
        assert dispatcher.lateness_s >= 3
        engine.change(None)
        assert dispatcher.lateness_s == 0
