"""Which jobs wait, and which run next. Plain data, no threads, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from streamer.dispatch.account import Account
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.speech.hypothesis import Hypothesis


class Listener(Protocol):
    """Whoever gets the answers to jobs; called on the event loop."""

    account: Account
    """Its session's."""

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None:
        """The job is done."""
        ...

    def on_failure(self, job: Job, message: str) -> None:
        """The job cannot be done; it was tried twice."""
        ...

    def on_superseded(self, job: Job) -> None:
        """A partial gave way to a newer one before it was its turn."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class QueuedJob:
    """A job in the queue: when it came and is due, in seconds of one monotonic clock.

    It is `urgent` where the client cannot wait at all. One that was `retried` is not tried again;
    one that failed in company runs `alone`. `since` is when the engine was first away for it.
    """

    job: Job
    listener: Listener
    arrived: float
    due: float
    urgent: bool = True
    alone: bool = False
    retried: bool = False
    since: float | None = None


class JobQueue:
    """Earliest deadline first, every final before any partial, urgent finals before all others.

    A backlog that is overdue would else delay those who speak now; they leave it time enough, since
    no more of them are let in than the engine can serve.

    Holds at most one partial a channel: a newer one replaces it, and so does a final of the
    same utterance. Finals are never dropped; sessions bound how many they cause.
    """

    def __init__(self) -> None:
        self._finals: dict[UtteranceKey, QueuedJob] = {}
        self._partials: dict[tuple[str, int], QueuedJob] = {}

    def __len__(self) -> int:
        return len(self._finals) + len(self._partials)

    @property
    def finals(self) -> int:
        """Finals that wait."""
        return len(self._finals)

    @property
    def partials(self) -> int:
        """Partials that wait."""
        return len(self._partials)

    @property
    def is_backlog(self) -> bool:
        """Whether finals wait, and none of them is urgent."""
        return bool(self._finals) and not any(one.urgent for one in self._finals.values())

    def longest_late(self, now: float) -> float:
        """Seconds by which the most overdue urgent final is late; 0 if none is."""
        late = (now - waiting.due for waiting in self._finals.values() if waiting.urgent)
        return max(0.0, max(late, default=0.0))

    def oldest(self, now: float) -> tuple[float, float]:
        """Seconds that the oldest final and the oldest partial have waited; 0 if none does."""
        finals = min((one.arrived for one in self._finals.values()), default=now)
        partials = min((one.arrived for one in self._partials.values()), default=now)
        return now - finals, now - partials

    def put(self, waiting: QueuedJob) -> QueuedJob | None:
        """Add a job; return the partial that it replaces, if any."""
        key = waiting.job.key
        channel = (key.session, key.channel)
        if waiting.job.kind is JobKind.PARTIAL:
            replaced = self._partials.pop(channel, None)
            self._partials[channel] = waiting
            return replaced
        self._finals[key] = waiting
        partial = self._partials.get(channel)
        return self._partials.pop(channel) if partial and partial.job.key == key else None

    def withdraw(self, key: UtteranceKey) -> None:
        """Drop whatever waits for this utterance."""
        self._finals.pop(key, None)
        channel = (key.session, key.channel)
        partial = self._partials.get(channel)
        if partial is not None and partial.job.key == key:
            del self._partials[channel]

    def withdraw_session(self, session: str) -> None:
        """Drop whatever waits for this session."""
        self._finals = {k: w for k, w in self._finals.items() if k.session != session}
        self._partials = {k: w for k, w in self._partials.items() if k[0] != session}

    def take_stale(self, arrived_by: float) -> list[QueuedJob]:
        """Remove and return the finals that have waited since then, or longer."""
        stale = [one for one in self._finals.values() if one.arrived <= arrived_by]
        for one in stale:
            del self._finals[one.job.key]
        return stale

    def take(
        self,
        finals: int,
        partials: int,
        *,
        company: bool,
        is_ripe: Callable[[Job], bool],
    ) -> list[QueuedJob]:
        """Remove and return the jobs that run next: at most so many finals, or so many partials.

        Partials only when no final waits, and only those that are ripe. A job that must run alone
        comes by itself, and not while there is `company`: jobs that run already.
        """
        if self._finals:
            batch = _most_urgent(self._finals.values(), finals, company=company)
            for waiting in batch:
                del self._finals[waiting.job.key]
            return batch
        batch = _most_urgent(
            (one for one in self._partials.values() if is_ripe(one.job)), partials, company=company
        )
        for waiting in batch:
            del self._partials[waiting.job.key.session, waiting.job.key.channel]
        return batch


def _most_urgent(waiting: Iterable[QueuedJob], at_most: int, *, company: bool) -> list[QueuedJob]:
    urgent = sorted(waiting, key=lambda one: (not one.urgent, one.due, one.arrived))[:at_most]
    if urgent and urgent[0].alone:
        return [] if company else urgent[:1]
    return list(takewhile(lambda one: not one.alone, urgent))
