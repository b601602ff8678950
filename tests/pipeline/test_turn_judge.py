"""The threads that ask a turn model: bounded, with a deadline, and never in the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.pipeline.turn_judge import MAX_WAITING, AskOutcome, TurnJudge
from streamer.turns.models.base import Thresholds, TurnModelInfo

SAMPLES = np.full(16_000, 0.25, np.float32)
INFO = TurnModelInfo("toy", frozenset({"en"}), Thresholds(0.2, 0.05, 0.09))


class ToyModel:
    """Says how loud a turn is; may be blocked, and may fail."""

    info = INFO

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.fails = False
        self.on_thread: set[int] = set()

    def probability(self, samples: NDArray[np.float32]) -> float:
        self.on_thread.add(threading.get_ident())
        self.may_answer.wait()
        if self.fails:
            raise RuntimeError("no")
        return float(samples.mean())


@asynccontextmanager
async def judging(
    model: ToyModel, clock: Callable[[], float] = lambda: 0.0
) -> AsyncGenerator[tuple[TurnJudge, list[AskOutcome]]]:
    judge = TurnJudge(model, clock=clock)
    outcomes: list[AskOutcome] = []
    judge.on_outcome = outcomes.append
    judge.start()
    try:
        yield judge, outcomes
    finally:
        model.may_answer.set()
        await judge.close()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what threads tell has no event
        await asyncio.sleep(0.001)


async def test_an_answer_comes_on_the_event_loop_and_is_computed_elsewhere() -> None:
    model = ToyModel()
    async with judging(model) as (judge, outcomes):
        answered: list[tuple[float, int]] = []
        judge.ask(SAMPLES, 1.0, lambda p: answered.append((p, threading.get_ident())))
        await until(lambda: bool(answered))
        assert answered == [(0.25, threading.get_ident())]
        assert threading.get_ident() not in model.on_thread
        assert outcomes == [AskOutcome.ANSWERED]


async def test_a_blocked_model_sheds_what_does_not_fit_and_the_loop_goes_on() -> None:
    model = ToyModel()
    model.may_answer.clear()
    async with judging(model) as (judge, outcomes):
        answered: list[float] = []
        judge.ask(SAMPLES, 1.0, answered.append)
        await until(lambda: bool(model.on_thread))
        for _ in range(MAX_WAITING + 3):
            judge.ask(SAMPLES, 1.0, answered.append)
        assert outcomes == [AskOutcome.SHED] * 3
        assert answered == []
        model.may_answer.set()
        await until(lambda: len(answered) == MAX_WAITING + 1)


async def test_an_ask_behind_its_deadline_is_not_computed() -> None:
    model, now = ToyModel(), [0.0]
    model.may_answer.clear()
    async with judging(model, lambda: now[0]) as (judge, outcomes):
        answered: list[float] = []
        judge.ask(SAMPLES, 0.3, answered.append)
        await until(lambda: bool(model.on_thread))
        judge.ask(2 * SAMPLES, 0.3, answered.append)
        judge.ask(3 * SAMPLES, 0.5, answered.append)
        now[0] = 0.4
        model.may_answer.set()
        await until(lambda: len(outcomes) == 3)
        assert outcomes == [AskOutcome.ANSWERED, AskOutcome.LATE, AskOutcome.ANSWERED]
        assert answered == [0.25, 0.75]


async def test_a_model_that_fails_answers_nothing_and_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ToyModel()
    async with judging(model) as (judge, outcomes):
        answered: list[float] = []
        model.fails = True
        judge.ask(SAMPLES, 1.0, answered.append)
        await until(lambda: outcomes == [AskOutcome.FAILED])
        model.fails = False
        judge.ask(SAMPLES, 1.0, answered.append)
        await until(lambda: answered == [0.25])
    assert "goes by silence" in caplog.text


async def test_closing_answers_nobody_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.pipeline.turn_judge.CLOSE_TIMEOUT_S", 0.05)
    model = ToyModel()
    model.may_answer.clear()
    judge = TurnJudge(model)
    judge.start()
    answered: list[float] = []
    for _ in range(3):
        judge.ask(SAMPLES, 9.0, answered.append)
    await until(lambda: bool(model.on_thread))
    await judge.close()  # a model that hangs is left behind
    model.may_answer.set()
    await until(lambda: bool(answered))
    await asyncio.sleep(0.02)
    assert answered == [0.25]
