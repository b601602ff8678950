"""Several engines as one: who gets a clip, and what is left when one is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

import pytest
from by_hand import EngineByHand
from dispatch.dispatching import Answers, job
from waiting import until
from worker.stand_in import FATAL_S
from worker.test_worker_engine import STAND_IN
from worker.test_worker_engine import job as job_of

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.pool import EnginePool, members_of
from streamer.engines.worker.engine import WorkerEngine
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import EngineError, Outcome

LOST = EngineError("killed", shared=True)


class Pool:
    """Two engines by hand, and what came of the clips that they were given."""

    def __init__(self, *slots: int) -> None:
        self.hands = [EngineByHand(slots=one) for one in slots or (2, 2)]
        self.pool = EnginePool(self.hands)
        self.outcomes: dict[int, Outcome] = {}
        self.pool.start(lambda: None)

    def submit(self, key: int, incremental: str | None = None) -> None:
        clip = replace(job(key).clip.loaded(), incremental=incremental)
        self.pool.submit(key, clip, lambda outcome: self.outcomes.update({key: outcome}))

    @property
    def taken(self) -> list[int]:
        return [len(one.in_flight) for one in self.hands]


def test_the_least_loaded_gets_a_clip() -> None:
    it = Pool(2, 4)
    for key in range(6):
        it.submit(key)
    assert it.taken == [2, 4]


def test_growing_clips_of_an_utterance_stay_together_while_there_is_room() -> None:
    it = Pool(2, 2)
    for key in range(3):
        it.submit(key, "s/0/7")
    assert sorted(it.taken) == [1, 2]
    it.pool.cancel(0)
    it.pool.cancel(1)
    it.pool.cancel(2)
    it.submit(3, "s/0/7")
    it.submit(4, "s/0/7")
    assert sorted(it.taken) == [0, 2]


def test_places_are_those_of_the_engines_that_are_well() -> None:
    it = Pool(2, 6)
    assert (it.pool.capacity().free, it.pool.capacity().slots) == (8, 8)
    it.hands[1].trouble = "engine restarting"
    assert (it.pool.capacity().free, it.pool.capacity().slots) == (2, 2)
    assert it.pool.capacity().trouble is None
    it.hands[0].trouble = "engine failing"
    assert (it.pool.capacity().free, it.pool.capacity().trouble) == (0, "engine failing")
    assert not it.pool.capacity().dead
    it.hands[0].dead = it.hands[1].dead = True
    assert it.pool.capacity().dead


def test_half_of_the_places_busy_is_half_and_all_when_the_other_half_is_gone() -> None:
    it = Pool(2, 2)
    it.pool.capacity()
    it.hands[0].busy_s += 1.0
    assert it.pool.capacity().busy_s == 0.5
    it.hands[1].trouble = "engine restarting"
    it.hands[0].busy_s += 1.0
    assert it.pool.capacity().busy_s == 1.5


@pytest.mark.parametrize("error", [LOST, EngineError("refused", away=True)])
def test_a_clip_that_one_has_lost_goes_to_another_once(error: EngineError) -> None:
    it = Pool()
    it.submit(0)
    first = it.taken.index(1)
    it.hands[first].answer(error)
    assert it.taken[1 - first] == 1
    assert not it.outcomes
    it.hands[1 - first].answer(error)
    assert it.outcomes == {0: error}, "then whoever asked may try it alone"


def test_an_error_of_its_own_is_the_clips() -> None:
    it = Pool()
    it.submit(0)
    error = EngineError("no such language")
    it.hands[it.taken.index(1)].answer(error)
    assert it.outcomes == {0: error}


def test_a_growing_clip_is_not_worth_another_try() -> None:
    it = Pool()
    it.submit(0, "s/0/0")
    it.hands[it.taken.index(1)].answer(LOST)
    assert it.outcomes == {0: LOST}


def test_with_nobody_left_it_is_the_callers_at_once() -> None:
    it = Pool()
    it.submit(0)
    first = it.taken.index(1)
    it.hands[1 - first].trouble = "engine restarting"
    it.hands[first].answer(LOST)
    assert it.outcomes == {0: LOST}


def test_an_answer_to_a_clip_that_was_cancelled_is_nobodys() -> None:
    it = Pool()
    it.submit(0)
    hand = it.hands[it.taken.index(1)]
    clip, done = hand.in_flight[0]
    assert isinstance(clip, Clip)
    it.pool.cancel(0)
    assert not hand.in_flight
    done(LOST)
    assert it.outcomes == {}


async def test_a_process_killed_under_load_is_missed_by_nobody() -> None:
    pool, answers = EnginePool([WorkerEngine(STAND_IN), WorkerEngine(STAND_IN)]), Answers()
    workers = [one for one in members_of(pool) if isinstance(one, WorkerEngine)]
    await asyncio.gather(*(worker.load() for worker in workers))
    dispatcher = Dispatcher(pool)
    dispatcher.start()
    for number in range(60):
        dispatcher.submit(job_of(number, 9.0), answers)
    await answers.wait_for(10)
    assert workers[0].pid is not None
    os.kill(workers[0].pid, signal.SIGKILL)
    await until(lambda: workers[0].capacity().trouble is not None)
    assert dispatcher.trouble is None, "the other serves on"
    await answers.wait_for(60)
    assert len(answers.heard_texts) == len(answers.kinds) == 60
    assert not answers.failures
    await until(lambda: workers[0].capacity().trouble is None)
    assert pool.capacity().free == 16
    await dispatcher.close()


async def test_a_clip_that_kills_whoever_hears_it_is_given_up_alone() -> None:
    pool, answers = EnginePool([WorkerEngine(STAND_IN), WorkerEngine(STAND_IN)]), Answers()
    workers = [one for one in members_of(pool) if isinstance(one, WorkerEngine)]
    await asyncio.gather(*(worker.load() for worker in workers))
    dispatcher = Dispatcher(pool)
    dispatcher.start()
    for number in range(24):
        dispatcher.submit(job_of(number, FATAL_S if number == 3 else 1.0), answers)
    await answers.wait_for(24)
    assert list(answers.failures) == [3]
    assert len(answers.heard_texts) == 23
    await dispatcher.close()
