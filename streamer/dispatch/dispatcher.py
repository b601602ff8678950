"""From jobs to an engine: the most urgent first, and each answer to whoever asked."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import TypeVarTuple

from streamer.dispatch.account import LEAST_CHARGE_S, Account
from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.load import LoadMeter
from streamer.dispatch.observer import BatchReport, DispatchObserver
from streamer.dispatch.pace import PartialPace
from streamer.dispatch.queue import JobQueue, Listener, QueuedJob
from streamer.engines.base import Capacity, Engine
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Outcome

log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")

RESERVED_FOR_FINALS = 0.25
"""Share of the engine's places that partials leave free, so that a final never waits for one."""


LIVE_S = 0.5
"""By how much a live stream may be ahead of real time: pieces of audio and networks are uneven."""


PATIENT_S = 1.0
"""Slack from which on an engine may let a clip wait for others, which takes it half a second."""


AWAY_S = 60.0
"""How long accepted audio waits for an engine that is away or in trouble, before it is given up. An
estimate of what a server of a large model takes to start again."""

LOOK_S = 1.0
"""How often it is looked whether anything is to be given up."""


class Dispatcher:
    """The queue in front of an engine; whenever that has places, the most urgent jobs get them.

    `submit`, `withdraw` and the answers belong to the event loop that `start` was called on.
    Places are given away on whichever thread the engine tells of them.
    """

    def __init__(
        self,
        engine: Engine,
        observer: DispatchObserver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._observer = observer
        self._clock = clock
        self._queue = JobQueue()
        self._meter = LoadMeter()
        self._lock = threading.Lock()
        self._keys = count()
        self._in_flight: dict[int, QueuedJob] = {}
        self._busy_s = 0.0
        self._pace = PartialPace()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._well_at = clock()
        self._giving_up: asyncio.Task[None] | None = None

    @property
    def info(self) -> EngineInfo:
        """The engine's own description."""
        return self._engine.info

    @property
    def waiting(self) -> tuple[int, int]:
        """Finals and partials in the queue."""
        with self._lock:
            return self._queue.finals, self._queue.partials

    @property
    def lateness_s(self) -> float:
        """By how many seconds the most overdue final of those who cannot wait is late.

        Or for how long nothing has been transcribed, since a final of now would be later.
        """
        now, trouble = self._clock(), self.trouble
        with self._lock:
            late_s = self._queue.longest_late(now)
        return late_s if trouble is None else max(late_s, now - self._well_at)

    def load(self, sessions: int) -> float:
        """Return the share of the engine, 0 to 1, that finals of so many live sessions need."""
        with self._lock:
            return self._meter.load(self._clock(), sessions)

    @property
    def oldest_s(self) -> tuple[float, float]:
        """For how many seconds the oldest final and the oldest partial have waited."""
        with self._lock:
            return self._queue.oldest(self._clock())

    @property
    def is_dead(self) -> bool:
        """Whether nothing will ever be transcribed again."""
        return self._engine.capacity().dead

    @property
    def trouble(self) -> str | None:
        """Why nothing is transcribed at the moment, in two words; None while all is well."""
        return self._engine.capacity().trouble

    def open_account(self) -> Account:
        """Open the account of a session that begins now."""
        return Account(self._clock())

    def start(self) -> None:
        """Start the engine; must be called on the event loop that will submit jobs."""
        self._loop = asyncio.get_running_loop()
        self._engine.start(self._dispatch)
        self._well_at = self._clock()
        self._giving_up = asyncio.create_task(self._give_up(), name="dispatcher gives up")

    async def close(self) -> None:
        """Drop what waits, and end the engine."""
        if self._giving_up is not None:
            self._giving_up.cancel()
        with self._lock:
            self._queue = JobQueue()
        await self._engine.close()

    def submit(self, job: Job, listener: Listener) -> None:
        """Queue a job; the listener hears of it on the event loop."""
        now = self._clock()
        slack_s, urgent = job.slack_s, job.slack_s == 0
        if job.kind is JobKind.FINAL:
            slack_s = listener.account.patience_s(now, job.key.channel, job.end / SAMPLE_RATE)
            urgent = slack_s <= LIVE_S
        queued = QueuedJob(job, listener, now, now + slack_s, urgent=urgent)
        with self._lock:
            replaced = self._queue.put(queued)
        if replaced is not None and job.kind is JobKind.PARTIAL:
            replaced.listener.on_superseded(replaced.job)
            if self._observer is not None:
                self._observer.partial_superseded()
        self._dispatch()

    def withdraw(self, key: UtteranceKey) -> None:
        """Drop an utterance's jobs; one that is just ending may be answered all the same."""
        with self._lock:
            self._queue.withdraw(key)
            self._cancel(lambda job: job.key == key)

    def withdraw_session(self, session: str) -> None:
        """Drop a session's jobs."""
        with self._lock:
            self._queue.withdraw_session(session)
            self._pace.forget(session)
            self._cancel(lambda job: job.key.session == session)

    def _dispatch(self) -> None:
        """Give the engine's free places to those who wait."""
        now = self._clock()
        with self._lock:
            capacity = self._engine.capacity()
            self._meter.used(now, capacity.busy_s - self._busy_s)
            self._busy_s = capacity.busy_s
            if self._queue.is_backlog:
                capacity = replace(capacity, free=capacity.free + capacity.ahead)
            if not self._queue or capacity.free <= 0:
                return
            batch = self._queue.take(
                self._places(capacity, JobKind.FINAL),
                self._places(capacity, JobKind.PARTIAL),
                company=bool(self._in_flight),
                is_ripe=lambda job: self._is_ripe(job, capacity.partial_every_s, now),
            )
            batch = [queued for queued in batch if not self._overtakes(queued)]
            for queued in batch:
                self._send(queued)
                self._pace.sent(queued.job, now)
                audio_s = max(queued.job.clip.seconds, LEAST_CHARGE_S)
                self._meter.began(now, audio_s, urgent=queued.urgent)
        if batch:
            self._report(batch, now)

    def _places(self, capacity: Capacity, kind: JobKind) -> int:
        """How many jobs of a kind may be given to the engine now."""
        if any(queued.alone for queued in self._in_flight.values()):
            return 0
        free = capacity.free
        if kind is JobKind.PARTIAL and self._in_flight:
            free -= round(capacity.slots * RESERVED_FOR_FINALS)
        return max(0, free)

    def _is_ripe(self, job: Job, every_s: float, now: float) -> bool:
        """Whether a partial may run: at a pace, a growing clip waits for the one before it."""
        if not every_s or job.clip.exact:
            return True
        flying = any(queued.job.key == job.key for queued in self._in_flight.values())
        return not flying and self._pace.allows(job, now, every_s)

    def _send(self, queued: QueuedJob) -> None:
        key = next(self._keys)
        self._in_flight[key] = queued
        clip = queued.job.clip.loaded(patient=queued.due - queued.arrived >= PATIENT_S)
        self._engine.submit(key, clip, lambda outcome: self._ended(key, outcome))

    def _overtakes(self, exact: QueuedJob) -> bool:
        """Whether the audio of an exact job is in flight already: that is the job then.

        Any other partial of the utterance is not worth its place any more.
        """
        if not exact.job.clip.exact:
            return False
        for key, queued in self._in_flight.items():
            if queued.job.key == exact.job.key:
                if queued.job.end == exact.job.end and queued.job.clip.exact:
                    self._in_flight[key] = exact
                    return True
                self._cancel(lambda job: job.key == exact.job.key)
                return False
        return False

    def _cancel(self, unwanted: Callable[[Job], bool]) -> None:
        for key, queued in list(self._in_flight.items()):
            if unwanted(queued.job):
                self._engine.cancel(key)
                del self._in_flight[key]

    def _ended(self, key: int, outcome: Outcome) -> None:
        """Answer a job; a final that failed is tried once more.

        Alone, where any of the clips in flight may have been the cause. One that an engine was away
        for is tried until that has been so for too long. A partial is not worth it.
        """
        now = self._clock()
        with self._lock:
            queued = self._in_flight.pop(key, None)
            if queued is None:
                return  # withdrawn
            if isinstance(outcome, EngineError) and queued.job.kind is JobKind.FINAL:
                since = queued.since or now
                if outcome.away and now - since < AWAY_S:
                    self._queue.put(replace(queued, since=since))
                    return
                if not outcome.away and not queued.retried:
                    self._queue.put(replace(queued, retried=True, alone=outcome.shared))
                    return
        if isinstance(outcome, EngineError):
            told = "the engine is away" if outcome.away else "the engine failed twice"
            self._fail(queued, outcome.message, told)
        else:
            self._call(queued.listener.on_result, queued.job, outcome)

    async def _give_up(self) -> None:
        """Fail the finals that have waited for too long for an engine that does nothing."""
        while True:
            await asyncio.sleep(LOOK_S)
            trouble, now = self.trouble, self._clock()
            if trouble is None:
                self._well_at = now
            elif now - self._well_at >= AWAY_S:
                with self._lock:
                    stale = self._queue.take_stale(now - AWAY_S)
                for queued in stale:
                    self._fail(queued, trouble, "the engine is away")

    def _fail(self, queued: QueuedJob, why: str, told: str) -> None:
        log.error("%.2f s of audio have no text: %s", queued.job.clip.seconds, why)
        self._call(queued.listener.on_failure, queued.job, told)

    def _report(self, batch: list[QueuedJob], now: float) -> None:
        if self._observer is not None:
            report = BatchReport(
                kind=batch[0].job.kind,
                clips=len(batch),
                audio_s=sum(one.job.clip.seconds for one in batch),
                longest_wait_s=max(now - one.arrived for one in batch),
            )
            self._call(self._observer.batch_joined, report)

    def _call(self, function: Callable[[*Args], None], *args: *Args) -> None:
        """Call on the event loop; a loop that has ended wants no answers."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.debug("the event loop is closed: an answer is dropped")
