"""What runs next: finals before partials, the earliest deadline first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamer.dispatch.account import Account
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.queue import JobQueue, QueuedJob
from streamer.speech.clip import StoredClip
from streamer.speech.hypothesis import Hypothesis
from streamer.speech.options import DecodeOptions


class Deaf:
    account = Account(0.0)

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None: ...

    def on_failure(self, job: Job, message: str) -> None: ...

    def on_superseded(self, job: Job) -> None: ...


def waiting(
    kind: JobKind,
    utterance: int = 0,
    *,
    session: str = "s",
    due: float = 0.0,
    channel: int = 0,
    urgent: bool = True,
) -> QueuedJob:
    clip = StoredClip(np.zeros(1600, np.int16), DecodeOptions("en"))
    job = Job(UtteranceKey(session, channel, utterance), kind, clip, 1600, 0.0)
    return QueuedJob(job, Deaf(), arrived=0.0, due=due, urgent=urgent)


def final(utterance: int = 0, **where: object) -> QueuedJob:
    return waiting(JobKind.FINAL, utterance, **where)  # pyright: ignore[reportArgumentType]


def partial(utterance: int = 0, **where: object) -> QueuedJob:
    return waiting(JobKind.PARTIAL, utterance, **where)  # pyright: ignore[reportArgumentType]


def queue_of(*jobs: QueuedJob) -> JobQueue:
    queue = JobQueue()
    for job in jobs:
        queue.put(job)
    return queue


def take(queue: JobQueue, at_most: int = 8) -> list[QueuedJob]:
    return queue.take(at_most, at_most, company=False, is_ripe=lambda _: True)


def test_every_final_goes_before_any_partial() -> None:
    early_partial, late_final = partial(session="a", due=0), final(session="b", due=9)
    assert take(queue_of(early_partial, late_final)) == [late_final]


def test_the_earliest_deadline_goes_first() -> None:
    jobs = [final(session=name, due=due) for name, due in (("a", 3), ("b", 1), ("c", 2))]
    assert [one.due for one in take(queue_of(*jobs), 2)] == [1, 2]


def test_a_newer_partial_replaces_the_one_that_waits() -> None:
    older, newer = partial(), partial(1)
    queue = queue_of(older)
    assert queue.put(newer) is older
    assert take(queue) == [newer]


def test_partials_of_different_channels_do_not_touch() -> None:
    assert queue_of(partial(channel=0), partial(channel=1)).partials == 2


def test_a_final_replaces_the_partial_of_its_utterance() -> None:
    queue = queue_of(partial(3))
    assert queue.put(final(3)) is not None
    assert (queue.finals, queue.partials) == (1, 0)


def test_a_final_leaves_the_partial_of_the_next_utterance() -> None:
    queue = queue_of(partial(4))
    assert queue.put(final(3)) is None
    assert (queue.finals, queue.partials) == (1, 1)


def test_what_is_withdrawn_never_runs() -> None:
    queue = queue_of(final(0), partial(1), final(0, session="other"))
    queue.withdraw(UtteranceKey("s", 0, 0))
    queue.withdraw(UtteranceKey("s", 0, 1))
    assert [one.job.key.session for one in take(queue)] == ["other"]


def test_a_session_that_is_gone_leaves_nothing() -> None:
    queue = queue_of(final(0), final(1), partial(2), final(0, session="other"))
    queue.withdraw_session("s")
    assert len(queue) == 1


def test_a_backlog_however_overdue_comes_behind_those_who_speak_now() -> None:
    backlog = [final(number, due=-9, urgent=False) for number in range(3)]
    spoken = final(3, session="b", due=5)
    assert take(queue_of(*backlog, spoken), 2) == [spoken, backlog[0]]


def test_a_backlog_makes_nobody_late() -> None:
    assert queue_of(final(due=3, urgent=False)).longest_late(now=9) == 0


def test_lateness_is_that_of_the_most_overdue_final() -> None:
    queue = queue_of(final(0, due=5), final(1, due=3), partial(2, due=0))
    assert queue.longest_late(now=4) == 1
    assert queue.longest_late(now=2) == 0


def test_partials_have_places_of_their_own() -> None:
    queue = queue_of(partial(session="a"), partial(session="b"))
    assert queue.take(8, 0, company=True, is_ripe=lambda _: True) == []
    assert len(queue.take(8, 1, company=True, is_ripe=lambda _: True)) == 1


def test_what_must_run_alone_comes_by_itself_and_not_into_company() -> None:
    failed = replace(final(0, due=1), alone=True)
    queue = queue_of(failed, final(1, due=2), final(2, due=0))
    assert [one.due for one in take(queue)] == [0]
    assert queue.take(8, 8, company=True, is_ripe=lambda _: True) == []
    assert take(queue) == [failed]
    assert [one.due for one in take(queue)] == [2]


jobs = st.builds(
    waiting,
    st.sampled_from(JobKind),
    st.integers(0, 5),
    session=st.sampled_from("ab"),
    channel=st.integers(0, 1),
    due=st.floats(0, 9),
)


@given(st.lists(jobs, max_size=40), st.integers(1, 5))
def test_no_final_is_ever_lost_and_batches_never_mix_kinds(
    all_jobs: list[QueuedJob], size: int
) -> None:
    queue = queue_of(*all_jobs)
    expected = {one.job.key for one in all_jobs if one.job.kind is JobKind.FINAL}
    taken: list[QueuedJob] = []
    while queue:
        batch = take(queue, size)
        assert 0 < len(batch) <= size
        assert len({one.job.kind for one in batch}) == 1
        taken += batch
    kinds = [one.job.kind for one in taken]
    assert kinds == sorted(kinds)  # "final" sorts before "partial"
    assert {one.job.key for one in taken if one.job.kind is JobKind.FINAL} == expected
    channels = [
        (one.job.key.session, one.job.key.channel)
        for one in taken
        if one.job.kind is JobKind.PARTIAL
    ]
    assert len(channels) == len(set(channels))
