"""Each clip is answered once, whatever happens to the replica that has it."""

from __future__ import annotations

import asyncio
import sys

import pytest
from dispatch.dispatching import Answers, job
from ray_cluster.fake import FakeCluster, dispatching
from waiting import until

from streamer.dispatch.job import JobKind
from streamer.engines.ray import attempts, engine, patience
from streamer.engines.ray.cluster import join
from streamer.engines.ray.messages import Reply
from streamer.models.errors import ModelError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SHORTEST_S", 0.02)
    monkeypatch.setattr(patience, "LONGEST_S", 0.02)
    monkeypatch.setattr(attempts, "JITTER_S", (0.0, 0.001))
    monkeypatch.setattr(attempts, "LOOK_S", 0.002)
    monkeypatch.setattr(engine, "LOOK_S", 0.01)


async def test_clips_go_to_all_replicas_and_their_texts_come_back() -> None:
    cluster, answers = FakeCluster("a", "b"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        assert (one.capacity().free, one.capacity().slots) == (8, 8)
        for number in range(8):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(8)
    assert answers.heard_texts == dict.fromkeys(range(8), "word0 word1 word2")
    assert cluster.heard == {"a": 4, "b": 4}


async def test_a_clip_whose_replica_dies_is_heard_by_another() -> None:
    cluster, answers = FakeCluster("a", "b"), Answers()
    async with dispatching(cluster) as (_, dispatcher):
        cluster.mood["a"] = "dead"
        for number in range(8):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(8)
        assert cluster.heard == {"b": 8}
        assert cluster.roster.suspects == ["a"]
    assert not answers.failures


async def test_a_clip_whose_replica_is_silent_is_hedged_and_answered_once() -> None:
    cluster, answers = FakeCluster("a", "b"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        cluster.mood["a"] = "silent"
        for number in range(8):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(8)
        assert cluster.heard == {"b": 8}
        assert one.capacity().free == 4  # nothing more for the silent one
        before = len(answers.kinds)
        cluster.mood["a"] = "answers"
        cluster.released.set()
        await until(lambda: not cluster.roster.suspects)  # it was asked, and said something
        assert one.capacity().free == 8
        assert len(answers.kinds) == before == 8


async def test_an_answer_that_is_none_of_ours_fails_the_clip_and_no_other() -> None:
    cluster, answers = FakeCluster("a"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        cluster.mood["a"] = "other"
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
        cluster.mood["a"] = "answers"
        dispatcher.submit(job(1), answers)
        await answers.wait_for(2)
        assert one.capacity().free == 4
    assert list(answers.heard_texts) == [1]
    assert len(answers.failures) == 1


async def test_a_replica_that_answers_others_is_slow_and_not_silent() -> None:
    cluster = FakeCluster("a", "b")
    async with dispatching(cluster) as (_, dispatcher):
        cluster.mood["a"] = cluster.mood["b"] = "silent"
        answers = Answers()
        dispatcher.submit(job(0), answers)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + 0.1:
            for name in "ab":
                cluster.roster.heard(name, loop.time())
            await asyncio.sleep(0.002)
        assert not cluster.roster.suspects
        assert sum(one.ours for one in cluster.roster.replicas.values()) == 1
        cluster.released.set()
        await answers.wait_for(1)


async def test_a_partial_is_not_worth_a_second_attempt() -> None:
    cluster, answers = FakeCluster("a", "b"), Answers()
    async with dispatching(cluster) as (_, dispatcher):
        cluster.mood["a"] = "dead"
        growing = job(0, JobKind.PARTIAL)
        for number in range(6):
            clip = growing.clip.__class__(growing.clip.pcm, growing.clip.options, (), f"{number}")
            one = job(number, JobKind.PARTIAL, session=str(number))
            dispatcher.submit(one.__class__(one.key, one.kind, clip, one.end, 0.0), answers)
        await answers.wait_for(6)
    assert answers.failures
    assert len(answers.heard_texts) + len(answers.failures) == 6


async def test_with_no_replica_left_clips_wait_and_the_trouble_is_told() -> None:
    cluster, answers = FakeCluster("a"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        cluster.mood["a"] = "dead"
        dispatcher.submit(job(0), answers)
        await until(lambda: dispatcher.trouble == "replicas silent")
        assert one.capacity().free == 0
        cluster.roster.update([])
        assert dispatcher.trouble == "no replica"
        cluster.mood["b"] = "answers"
        cluster.roster.update(["b"])
        await answers.wait_for(1)
        assert dispatcher.trouble is None
    assert answers.heard_texts
    assert not answers.failures


async def test_a_replica_that_others_had_filled_is_asked_again() -> None:
    cluster, answers = FakeCluster("a"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        full = Reply(slots=4, in_flight=4, busy_s=1.0)
        cluster.roster.answered("a", full, asyncio.get_running_loop().time())
        assert one.capacity().free == 2
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
        assert one.capacity().free == 4  # it has told that they are gone


async def test_a_withdrawn_clip_is_forgotten_there_too() -> None:
    cluster, answers = FakeCluster("a"), Answers()
    async with dispatching(cluster) as (one, dispatcher):
        cluster.mood["a"] = "silent"
        dispatcher.submit(job(0), answers)
        assert one.capacity().free == 3
        await until(lambda: cluster.roster.replicas["a"].ours == 1)
        dispatcher.withdraw_session("s")
        await until(lambda: cluster.cancelled > 0)
        await until(lambda: cluster.roster.replicas["a"].ours == 0)
    assert not answers.heard_texts
    assert not answers.failures


def test_without_ray_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModelError, match=r"pip install 'streamer-transcriber\[ray\]'"):
        join("auto", "embedded")
