"""The worker thread: answers on the loop, tries again, never blocks."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from engines import CountingEngine

from streamer.dispatch.dispatcher import BatchReport, Dispatcher
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.engines.local import LocalEngine
from streamer.runtime.threads import NICENESS
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import Hypothesis
from streamer.speech.options import DecodeOptions


@dataclass
class Answers:
    heard_texts: dict[int, str] = field(default_factory=dict[int, str])
    failures: dict[int, str] = field(default_factory=dict[int, str])
    kinds: list[JobKind] = field(default_factory=list[JobKind])
    superseded_ends: list[int] = field(default_factory=list[int])
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None:
        self.heard_texts[job.key.utterance] = hypothesis.text
        self.kinds.append(job.kind)
        self.changed.set()

    def on_failure(self, job: Job, message: str) -> None:
        self.failures[job.key.utterance] = message
        self.changed.set()

    def on_superseded(self, job: Job) -> None:
        self.superseded_ends.append(job.end)

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.heard_texts) + len(self.failures) < count:
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Reports:
    batches: list[BatchReport] = field(default_factory=list[BatchReport])
    steps: int = 0
    superseded: int = 0

    def batch_joined(self, report: BatchReport) -> None:
        self.batches.append(report)

    def step_done(self, seconds: float) -> None:
        self.steps += 1

    def partial_superseded(self) -> None:
        self.superseded += 1


def job(
    utterance: int, kind: JobKind = JobKind.FINAL, seconds: float = 1.0, session: str = "s"
) -> Job:
    samples = np.zeros(round(16_000 * seconds), np.float32)
    clip = Clip(samples, DecodeOptions("en"))
    return Job(UtteranceKey(session, 0, utterance), kind, clip, len(samples), 0.0)


@asynccontextmanager
async def running(
    engine: CountingEngine, max_batch: int = 4, reports: Reports | None = None
) -> AsyncGenerator[Dispatcher]:
    local = LocalEngine(engine, max_batch)
    if reports is not None:
        local.on_step = reports.step_done
    dispatcher = Dispatcher(local, reports)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        engine.may_run.set()
        await dispatcher.close()


async def test_jobs_join_in_batches() -> None:
    engine, answers, reports = CountingEngine(), Answers(), Reports()
    engine.may_run.clear()
    async with running(engine, 4, reports) as dispatcher:
        for utterance in range(6):
            dispatcher.submit(job(utterance), answers)
        engine.may_run.set()
        await answers.wait_for(6)
    assert answers.heard_texts == dict.fromkeys(range(6), "word0 word1 word2")
    assert sum(len(batch) for batch in engine.joined) == 6
    assert max(len(batch) for batch in engine.joined) <= 4
    assert sum(report.audio_s for report in reports.batches) == 6
    assert reports.steps == len(engine.steps)


async def test_a_short_final_joins_and_leaves_while_a_long_one_goes_on() -> None:
    engine, answers = CountingEngine(seconds_a_step=0.01), Answers()
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, seconds=30.0), answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(1, seconds=0.5), answers)
        await answers.wait_for(1)
        assert list(answers.heard_texts) == [1]
        await answers.wait_for(2)
    assert max(engine.steps) == 2


async def test_a_full_engine_lets_the_next_join_as_soon_as_one_leaves() -> None:
    engine, answers = CountingEngine(capacity=2), Answers()
    async with running(engine) as dispatcher:
        for utterance in range(7):
            dispatcher.submit(job(utterance, seconds=1.0 + utterance % 3), answers)
        await answers.wait_for(7)
    assert max(engine.steps) == 2


async def test_partials_leave_room_for_a_final() -> None:
    engine, answers = CountingEngine(capacity=4), Answers()
    async with running(engine) as dispatcher:
        engine.may_run.clear()
        dispatcher.submit(job(0, JobKind.PARTIAL, session="0"), answers)
        await asyncio.sleep(0.05)
        for number in range(1, 6):
            dispatcher.submit(job(number, JobKind.PARTIAL, session=str(number)), answers)
        engine.may_run.set()
        await answers.wait_for(6)
    assert max(engine.steps) == 3


async def test_the_newest_partial_is_the_one_that_runs() -> None:
    engine, answers, reports = CountingEngine(capacity=1), Answers(), Reports()
    engine.may_run.clear()
    async with running(engine, 4, reports) as dispatcher:
        dispatcher.submit(job(0), answers)
        await asyncio.sleep(0.05)  # it runs now
        for seconds in (1.0, 1.3, 1.6):
            dispatcher.submit(job(1, JobKind.PARTIAL, seconds), answers)
        engine.may_run.set()
        await answers.wait_for(2)
    assert answers.superseded_ends == [16_000, 20_800]
    assert reports.superseded == 2
    assert engine.joined[-1] == [1.6]


async def test_a_partial_in_flight_over_the_same_audio_becomes_the_final() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, JobKind.PARTIAL), answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(0, JobKind.FINAL), answers)
        engine.may_run.set()
        await answers.wait_for(1)
    assert engine.joined == [[1.0]]
    assert answers.kinds == [JobKind.FINAL]


async def test_a_partial_in_flight_over_less_audio_gives_way_to_the_final() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, JobKind.PARTIAL, 20.0), answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(0, JobKind.FINAL, 21.0), answers)
        engine.may_run.set()
        await answers.wait_for(1)
        assert engine.free_slots == engine.capacity
    assert answers.kinds == [JobKind.FINAL]


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


async def test_what_is_withdrawn_is_not_answered_waiting_or_in_flight() -> None:
    engine, answers = CountingEngine(capacity=1), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, seconds=9.0), answers)
        await asyncio.sleep(0.05)  # it runs now
        dispatcher.submit(job(1), answers)
        dispatcher.submit(job(2), answers)
        dispatcher.withdraw(job(0).key)
        dispatcher.withdraw(job(1).key)
        engine.may_run.set()
        await answers.wait_for(1)
    assert list(answers.heard_texts) == [2]


async def test_a_session_that_is_gone_gives_its_places_back() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0, seconds=30.0, session="gone"), answers)
        await asyncio.sleep(0.05)
        dispatcher.withdraw_session("gone")
        dispatcher.submit(job(1), answers)
        engine.may_run.set()
        await answers.wait_for(1)
        assert engine.free_slots == engine.capacity
    assert list(answers.heard_texts) == [1]


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
        async with asyncio.timeout(5):
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


@pytest.mark.skipif(sys.platform != "linux", reason="priorities are the process's elsewhere")
async def test_the_engine_and_its_threads_give_way_to_the_event_loop() -> None:
    engine, answers = CountingEngine(), Answers()
    seen: list[int] = []

    def look() -> None:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def join(key: int, clip: Clip) -> None:
        look()
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        CountingEngine.join(engine, key, clip)

    engine.join = join
    async with running(engine) as dispatcher:
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
    look()
    assert seen[0] == seen[1] == min(19, seen[2] + NICENESS)


async def test_the_event_loop_never_waits_for_the_engine() -> None:
    engine, answers = CountingEngine(seconds_a_step=0.2), Answers()
    async with running(engine) as dispatcher:
        loop = asyncio.get_running_loop()
        for utterance in range(4):
            dispatcher.submit(job(utterance), answers)
        ticks = 0
        began = loop.time()
        while loop.time() - began < 0.5:
            await asyncio.sleep(0.01)
            ticks += 1
        await answers.wait_for(4)
    assert ticks > 15  # of 50; a loop that waited for a step would have had 5


async def test_a_partial_in_flight_that_is_not_exact_gives_way_to_the_final_of_its_end() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    growing = job(0, JobKind.PARTIAL)
    growing = replace(growing, clip=replace(growing.clip, growing="s/0/0"))
    async with running(engine) as dispatcher:
        dispatcher.submit(growing, answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(0, JobKind.FINAL), answers)
        engine.may_run.set()
        await answers.wait_for(1)
        await asyncio.sleep(0.05)  # the partial would be answered by now
    assert answers.kinds == [JobKind.FINAL]
    assert engine.joined == [[1.0], [1.0]]


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
