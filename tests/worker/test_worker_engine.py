"""An engine in a process of its own: it may die at any moment, and nobody is left waiting."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from dispatch.dispatching import Answers
from engines import words_of
from waiting import until
from worker.stand_in import FATAL_S, HANGS_S

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.engines.worker import engine as worker_engine
from streamer.engines.worker.engine import AHEAD, WorkerEngine
from streamer.engines.worker.launch import Launch
from streamer.models.errors import ModelError
from streamer.speech.clip import SAMPLE_RATE, StoredClip
from streamer.speech.options import DecodeOptions

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


def job(utterance: int, seconds: float = 1.0) -> Job:
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.int16)
    key = UtteranceKey("session", utterance, utterance)
    return Job(key, JobKind.FINAL, StoredClip(samples, DecodeOptions("en")), len(samples), 0.0)


@asynccontextmanager
async def dispatching() -> AsyncGenerator[tuple[WorkerEngine, Dispatcher]]:
    engine = WorkerEngine(STAND_IN)
    await engine.load()
    dispatcher = Dispatcher(engine)
    dispatcher.start()
    yield engine, dispatcher
    await dispatcher.close()


async def answers_to(dispatcher: Dispatcher, jobs: list[Job], answers: Answers) -> None:
    for one in jobs:
        dispatcher.submit(one, answers)
    async with asyncio.timeout(30):
        while len(answers.heard_texts) + len(answers.failures) < len(jobs):
            answers.changed.clear()
            await answers.changed.wait()


async def test_clips_come_back_as_texts() -> None:
    answers = Answers()
    async with dispatching() as (engine, dispatcher):
        jobs = [job(number, 0.4 * number) for number in range(30)]
        await answers_to(dispatcher, jobs, answers)
        assert answers.heard_texts == {n: words_of(one.clip).text for n, one in enumerate(jobs)}
        assert engine.info.name == "counting"
        assert engine.capacity().free == engine.capacity().slots == 8
        assert engine.capacity().ahead == AHEAD
        assert engine.capacity().busy_s > 0


async def test_a_killed_process_loses_nothing_and_doubles_nothing() -> None:
    answers = Answers()
    async with dispatching() as (engine, dispatcher):
        jobs = [job(number, 9.0) for number in range(40)]
        working = asyncio.create_task(answers_to(dispatcher, jobs, answers))
        await until(lambda: len(answers.heard_texts) >= 10)
        first = engine.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await working
        assert len(answers.heard_texts) == len(answers.kinds) == 40
        assert not answers.failures
        assert engine.pid not in (first, None)


async def test_meanwhile_it_says_what_the_trouble_is() -> None:
    async with dispatching() as (engine, dispatcher):
        assert dispatcher.trouble is None
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await until(lambda: dispatcher.trouble is not None)
        assert dispatcher.trouble == "engine restarting"
        assert not dispatcher.is_dead
        assert engine.capacity().free == 0
        await until(lambda: dispatcher.trouble is None)
        assert engine.capacity().free == 8


async def test_a_clip_that_kills_it_twice_is_given_up_alone() -> None:
    answers = Answers()
    async with dispatching() as (_, dispatcher):
        jobs = [job(number, FATAL_S if number == 3 else 1.0) for number in range(12)]
        await answers_to(dispatcher, jobs, answers)
        assert list(answers.failures) == [3]
        assert len(answers.heard_texts) == 11


async def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_engine, "STUCK_S", 0.2)
    monkeypatch.setattr(worker_engine, "LOOK_S", 0.1)
    answers = Answers()
    async with dispatching() as (_, dispatcher):
        await answers_to(dispatcher, [job(0, HANGS_S), job(1)], answers)
        assert list(answers.failures) == [0]
        assert list(answers.heard_texts) == [1]


async def test_what_was_cancelled_is_not_answered() -> None:
    answers = Answers()
    async with dispatching() as (engine, dispatcher):
        long = job(0, 19.0)
        dispatcher.submit(long, answers)
        dispatcher.withdraw(long.key)
        await answers_to(dispatcher, [job(1)], answers)
        assert list(answers.heard_texts) == [1]
        assert engine.capacity().free == 8


async def test_it_ends_with_the_server() -> None:
    async with dispatching() as (engine, _):
        pid = engine.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    launch = Launch(tmp_path, "cpu", threads=1, max_batch=8, log_format="text")
    with pytest.raises(ModelError, match=str(tmp_path)):
        await WorkerEngine(launch.command).load()


async def test_a_process_that_dies_while_it_loads_is_told() -> None:
    with pytest.raises(ModelError, match="ended with status 3 while it loaded"):
        await WorkerEngine((sys.executable, "-c", "raise SystemExit(3)")).load()
