"""The worker thread: joins jobs, answers on the loop, never blocks."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from dataclasses import replace

import pytest
from dispatch.dispatching import Answers, Reports, job, running
from engines import CountingEngine

from streamer.dispatch.job import JobKind
from streamer.runtime.threads import NICENESS
from streamer.speech.clip import Clip


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
    incremental = job(0, JobKind.PARTIAL)
    incremental = replace(incremental, clip=replace(incremental.clip, incremental="s/0/0"))
    async with running(engine) as dispatcher:
        dispatcher.submit(incremental, answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(0, JobKind.FINAL), answers)
        engine.may_run.set()
        await answers.wait_for(1)
        await asyncio.sleep(0.05)  # the partial would be answered by now
    assert answers.kinds == [JobKind.FINAL]
    assert engine.joined == [[1.0], [1.0]]


async def test_an_early_final_takes_the_place_of_its_utterance_s_partial() -> None:
    engine, answers = CountingEngine(), Answers()
    engine.may_run.clear()
    incremental = job(0, JobKind.PARTIAL)
    incremental = replace(incremental, clip=replace(incremental.clip, incremental="s/0/0"))
    async with running(engine) as dispatcher:
        dispatcher.submit(incremental, answers)
        await asyncio.sleep(0.05)
        dispatcher.submit(job(0, JobKind.PARTIAL, 1.2), answers)
        engine.may_run.set()
        await answers.wait_for(1)
        await asyncio.sleep(0.05)  # the other would be answered by now
        assert engine.free_slots == engine.capacity
    assert engine.joined == [[1.0], [1.2]]
    assert answers.kinds == [JobKind.PARTIAL]


async def test_a_final_of_who_speaks_now_overtakes_a_backlog() -> None:
    engine, backlog, live = CountingEngine(capacity=1), Answers(), Answers()
    engine.may_run.clear()
    async with running(engine, 1) as dispatcher:
        backlog.account, live.account = dispatcher.open_account(), dispatcher.open_account()
        for utterance in range(1, 9):
            dispatcher.submit(replace(job(utterance), end=80_000 * utterance), backlog)
        dispatcher.submit(replace(job(0), end=100), live)
        engine.may_run.set()
        await live.wait_for(1)
        assert len(backlog.heard_texts) <= 1
        await backlog.wait_for(8)
