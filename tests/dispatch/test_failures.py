"""An engine that fails is tried again; one that is stuck, failing or dead is said to be so."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from dispatch.dispatching import Answers, job, running
from engines import CountingEngine

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import JobKind
from streamer.engines.local import LocalEngine
from streamer.speech.hypothesis import Hypothesis


class NoRoomForThree(CountingEngine):
    """Fails when three clips share it; remembers how many shared it in the steps after that."""

    def step(self) -> list[tuple[int, Hypothesis]]:
        if self.capacity - self.free_slots == 3:
            self.steps.clear()
            raise RuntimeError("out of memory")
        return super().step()


async def test_a_failure_is_tried_again_alone() -> None:
    engine, answers = NoRoomForThree(), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        for utterance in range(3):
            dispatcher.submit(job(utterance), answers)
        engine.may_run.set()
        await answers.wait_for(3)
    assert answers.heard_texts == dict.fromkeys(range(3), "word0 word1 word2")
    assert set(engine.steps) == {1}
    assert len(engine.steps) == 3 * 4


async def test_a_second_failure_is_told_and_the_worker_lives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, answers = CountingEngine(), Answers()
    engine.failures = 2
    with caplog.at_level(logging.ERROR):
        async with running(engine) as dispatcher:
            dispatcher.submit(job(0), answers)
            await answers.wait_for(1)
            dispatcher.submit(job(1), answers)
            await answers.wait_for(2)
    assert answers.failures == {0: "the engine failed twice"}
    assert 1 in answers.heard_texts
    assert "out of memory" in caplog.text


async def test_a_partial_that_fails_is_not_tried_again() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.failures = 1
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, JobKind.PARTIAL), answers)
        await answers.wait_for(1)
    assert 0 in answers.failures
    assert engine.joined == [[1.0]]


async def test_an_engine_that_takes_too_long_is_called_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.engines.health.STUCK_S", 0.02)
    engine, answers = CountingEngine(capacity=1), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        assert dispatcher.trouble is None
        dispatcher.submit(job(0), answers)
        dispatcher.submit(job(1), answers)
        await asyncio.sleep(0.05)
        assert dispatcher.trouble == "engine stuck"
        assert dispatcher.waiting == (1, 0)
        assert dispatcher.oldest_s[0] >= 0.05
        assert dispatcher.lateness_s > 0
        engine.may_run.set()
        await answers.wait_for(2)
        assert dispatcher.oldest_s == (0, 0)


async def test_an_engine_that_fails_again_and_again_is_in_trouble_until_it_deserves_a_new_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.engines.health.FAILING_S", 0.2)
    engine, answers = CountingEngine(), Answers()
    engine.failures = 4
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
        assert dispatcher.trouble is None, "one utterance may be the cause"
        dispatcher.submit(job(1), answers)
        await answers.wait_for(2)
        assert dispatcher.trouble == "engine failing"
        await asyncio.sleep(0.25)
        assert dispatcher.trouble is None
        dispatcher.submit(job(2), answers)
        await answers.wait_for(3)
        assert dispatcher.trouble is None


def unheeded(_: threading.ExceptHookArgs) -> None: ...


async def test_a_worker_that_has_ended_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", unheeded)
    engine, answers = CountingEngine(), Answers()
    engine.failures = 1

    def reset() -> None:
        raise RuntimeError("the device is gone")

    engine.reset = reset
    async with running(engine) as dispatcher:
        assert not dispatcher.is_dead
        dispatcher.submit(job(0), answers)
        async with asyncio.timeout(20):
            while not dispatcher.is_dead:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        assert dispatcher.trouble == "engine dead"


async def test_an_engine_that_hangs_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.engines.local.CLOSE_TIMEOUT_S", 0.1)
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    dispatcher = Dispatcher(LocalEngine(engine, max_batch=1))
    dispatcher.start()
    dispatcher.submit(job(0), answers)
    await asyncio.sleep(0.05)
    await dispatcher.close()
    assert "has not ended" in caplog.text
    engine.may_run.set()


async def test_an_engine_is_failing_from_the_third_failed_step_in_a_row_on() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.failures = 3
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0), answers)  # is tried twice
        await answers.wait_for(1)
        assert dispatcher.trouble is None
        dispatcher.submit(job(1, JobKind.PARTIAL), answers)
        await answers.wait_for(2)
        assert dispatcher.trouble == "engine failing"
