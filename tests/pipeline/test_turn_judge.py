"""The threads that ask a turn model: bounded, with a deadline, and never in the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray
from toy_turns import ToyTurnModel
from waiting import until

from streamer.pipeline.turn_judge import MAX_WAITING, AskOutcome, TurnJudge
from streamer.session.outputs import AskTurn

SAMPLES = np.full(16_000, 0.25, np.float32)


def about(samples: NDArray[np.float32], within_s: float = 1.0) -> AskTurn:
    return AskTurn(0, 0, 1, samples, within_s)


@asynccontextmanager
async def judging(
    model: ToyTurnModel, clock: Callable[[], float] = lambda: 0.0
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


async def test_an_answer_comes_on_the_event_loop_and_is_computed_elsewhere() -> None:
    model = ToyTurnModel()
    async with judging(model) as (judge, outcomes):
        answered: list[tuple[float, int]] = []
        judge.ask(about(SAMPLES, 1.0), lambda p: answered.append((p, threading.get_ident())))
        await until(lambda: bool(answered))
        assert answered == [(0.25, threading.get_ident())]
        assert threading.get_ident() not in model.on_thread
        assert outcomes == [AskOutcome.ANSWERED]


async def test_a_blocked_model_sheds_what_does_not_fit_and_the_loop_goes_on() -> None:
    model = ToyTurnModel()
    model.may_answer.clear()
    async with judging(model) as (judge, outcomes):
        answered: list[float] = []
        judge.ask(about(SAMPLES, 1.0), answered.append)
        await until(lambda: bool(model.on_thread))
        for _ in range(MAX_WAITING + 3):
            judge.ask(about(SAMPLES, 1.0), answered.append)
        assert outcomes == [AskOutcome.SHED] * 3
        assert answered == []
        model.may_answer.set()
        await until(lambda: len(answered) == MAX_WAITING + 1)


async def test_an_ask_behind_its_deadline_is_not_computed() -> None:
    model, now = ToyTurnModel(), [0.0]
    model.may_answer.clear()
    async with judging(model, lambda: now[0]) as (judge, outcomes):
        answered: list[float] = []
        judge.ask(about(SAMPLES, 0.3), answered.append)
        await until(lambda: bool(model.on_thread))
        judge.ask(about(2 * SAMPLES, 0.3), answered.append)
        judge.ask(about(3 * SAMPLES, 0.5), answered.append)
        now[0] = 0.4
        model.may_answer.set()
        await until(lambda: len(outcomes) == 3)
        assert outcomes == [AskOutcome.ANSWERED, AskOutcome.LATE, AskOutcome.ANSWERED]
        assert answered == [0.25, 0.75]


async def test_a_model_that_fails_answers_nothing_and_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ToyTurnModel()
    async with judging(model) as (judge, outcomes):
        answered: list[float] = []
        model.fails = True
        judge.ask(about(SAMPLES, 1.0), answered.append)
        await until(lambda: outcomes == [AskOutcome.FAILED])
        model.fails = False
        judge.ask(about(SAMPLES, 1.0), answered.append)
        await until(lambda: answered == [0.25])
    assert "goes by silence" in caplog.text


async def test_closing_answers_nobody_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.pipeline.turn_judge.CLOSE_TIMEOUT_S", 0.05)
    model = ToyTurnModel()
    model.may_answer.clear()
    judge = TurnJudge(model)
    judge.start()
    answered: list[float] = []
    for _ in range(3):
        judge.ask(about(SAMPLES, 9.0), answered.append)
    await until(lambda: bool(model.on_thread))
    await judge.close()  # a model that hangs is left behind
    model.may_answer.set()
    await until(lambda: bool(answered))
    await asyncio.sleep(0.02)
    assert answered == [0.25]
