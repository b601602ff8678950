"""The one owner of the engine: takes jobs from the event loop, runs them in its own thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol, TypeVarTuple

from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.dispatch.load import LoadMeter
from streamer.dispatch.queue import JobQueue, Listener, QueuedJob
from streamer.engines.base import Engine, EngineInfo
from streamer.runtime.threads import lower_priority

log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")

CLOSE_TIMEOUT_S = 10.0

STUCK_S = 30.0
"""A step takes seconds at most; an engine that is at one for so long is not coming back."""

FAILING_STEPS = 3
FAILING_S = 30.0
"""An engine that has failed so many steps in a row, the last so recently, is of no use."""

RESERVED_FOR_FINALS = 0.25
"""Share of the engine's room that partials leave free, so that a final never waits for one."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What joined the engine together, for metrics."""

    kind: JobKind
    clips: int
    audio_s: float
    longest_wait_s: float


class DispatchObserver(Protocol):
    """Whoever counts what the scheduler does; called on the event loop."""

    def batch_joined(self, report: BatchReport) -> None:
        """Clips have joined the engine."""
        ...

    def step_done(self, seconds: float) -> None:
        """The engine has made a step, new clips encoded and all."""
        ...

    def partial_superseded(self) -> None:
        """A partial gave way to a newer job before it was its turn."""
        ...


class Dispatcher:
    """The micro-batching queue with continuous batching: jobs join the engine between its steps.

    `submit`, `withdraw` and the answers belong to the event loop that `start` was called on;
    only the engine's calls run in the worker thread.
    """

    def __init__(
        self, engine: Engine, max_batch: int, observer: DispatchObserver | None = None
    ) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._observer = observer
        self._queue = JobQueue()
        self._meter = LoadMeter()
        self._changed = threading.Condition()
        self._closing = False
        self._unwanted: set[UtteranceKey] = set()
        self._gone: set[str] = set()
        self._busy_since: float | None = None
        self._failing = (0, 0.0)  # steps in a row, and when the last of them was
        self._started = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        # The worker's own.
        self._keys = count()
        self._in_flight: dict[int, QueuedJob] = {}
        self._room = engine.room

    @property
    def info(self) -> EngineInfo:
        """The engine's own description."""
        return self._engine.info

    @property
    def waiting(self) -> tuple[int, int]:
        """Finals and partials in the queue."""
        with self._changed:
            return self._queue.finals, self._queue.partials

    @property
    def lateness_s(self) -> float:
        """By how many seconds the most overdue waiting final is late."""
        with self._changed:
            return self._queue.longest_late(time.monotonic())

    def load(self, sessions: int) -> float:
        """Return the share of the engine, 0 to 1, that finals of so many live sessions need."""
        with self._changed:
            return self._meter.load(time.monotonic(), sessions)

    @property
    def oldest_s(self) -> tuple[float, float]:
        """For how many seconds the oldest final and the oldest partial have waited."""
        with self._changed:
            return self._queue.oldest(time.monotonic())

    @property
    def is_dead(self) -> bool:
        """Whether nothing will ever be transcribed again: the worker has ended."""
        return self._started and not self._closing and not self._thread.is_alive()

    @property
    def trouble(self) -> str | None:
        """Why nothing is transcribed at the moment, in two words; None while all is well."""
        now = time.monotonic()
        if self.is_dead:
            return "engine dead"
        if (since := self._busy_since) is not None and now - since > STUCK_S:
            return "engine stuck"
        failing, last = self._failing
        # It is not tried without jobs, so after a while it deserves some.
        if failing >= FAILING_STEPS and now - last < FAILING_S:
            return "engine failing"
        return None

    def start(self) -> None:
        """Start the worker; must be called on the event loop that will submit jobs."""
        self._loop = asyncio.get_running_loop()
        self._started = True
        self._thread.start()

    async def close(self) -> None:
        """Let the step in progress end, drop what waits, and end the worker.

        An engine that hangs is left behind: its thread does not keep the process alive.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            log.error("the engine has not ended its step in %g s", CLOSE_TIMEOUT_S)

    def submit(self, job: Job, listener: Listener) -> None:
        """Queue a job; the listener hears of it on the event loop."""
        now = time.monotonic()
        with self._changed:
            replaced = self._queue.put(QueuedJob(job, listener, now, now + job.slack_s))
            self._changed.notify()
        if replaced is not None and job.kind is JobKind.PARTIAL:
            replaced.listener.on_superseded(replaced.job)
            if self._observer is not None:
                self._observer.partial_superseded()

    def withdraw(self, key: UtteranceKey) -> None:
        """Drop an utterance's jobs; one that is just ending may be answered all the same."""
        with self._changed:
            self._queue.withdraw(key)
            self._unwanted.add(key)

    def withdraw_session(self, session: str) -> None:
        """Drop a session's jobs."""
        with self._changed:
            self._queue.withdraw_session(session)
            self._gone.add(session)

    def _work(self) -> None:
        lower_priority()
        while (batch := self._next()) is not None:
            self._busy_since = time.monotonic()
            try:
                self._advance(batch)
                self._failing = (0, 0.0)
            except Exception:  # an engine may raise anything, and must not take the worker along
                log.exception("the engine failed with %d clips in flight", len(self._in_flight))
                self._failing = (self._failing[0] + 1, time.monotonic())
                self._recover()
            self._note_step(batch, time.monotonic() - self._busy_since)
            self._busy_since = None
        self._engine.reset()  # what it does beside us must have ended when we have

    def _next(self) -> list[QueuedJob] | None:
        """Wait until there is something to do; return who joins now, or None at the end."""
        with self._changed:
            while not (self._queue or self._in_flight or self._closing):
                self._changed.wait()
            if self._closing:
                return None
            batch = self._queue.take(
                self._places(JobKind.FINAL),
                self._places(JobKind.PARTIAL),
                company=bool(self._in_flight),
            )
            unwanted, self._unwanted = self._unwanted, set()
            gone, self._gone = self._gone, set()
        self._drop(lambda job: job.key in unwanted or job.key.session in gone)
        return [waiting for waiting in batch if not self._overtakes(waiting)]

    def _places(self, kind: JobKind) -> int:
        """How many jobs of a kind may join now."""
        if any(waiting.alone for waiting in self._in_flight.values()):
            return 0
        room = self._engine.room
        if kind is JobKind.PARTIAL and self._in_flight:
            room -= round(self._room * RESERVED_FOR_FINALS)
        return max(0, min(room, self._max_batch))

    def _drop(self, unwanted: Callable[[Job], bool]) -> None:
        for ticket, waiting in list(self._in_flight.items()):
            if unwanted(waiting.job):
                self._engine.drop(ticket)
                del self._in_flight[ticket]

    def _overtakes(self, waiting: QueuedJob) -> bool:
        """Whether a final's audio is in flight already as an exact partial: that is the final then.

        Any other partial is not worth its place any more.
        """
        for ticket, flying in self._in_flight.items():
            if flying.job.key == waiting.job.key:
                if flying.job.end == waiting.job.end and flying.job.clip.exact:
                    self._in_flight[ticket] = waiting
                    return True
                self._drop(lambda job: job.key == waiting.job.key)
                return False
        return False

    def _advance(self, batch: list[QueuedJob]) -> None:
        """Let a batch join, make a step, and answer who ended."""
        if batch:
            tickets = {next(self._keys): waiting for waiting in batch}
            self._in_flight |= tickets
            self._tell_batch(batch)
            self._engine.join([(ticket, one.job.clip) for ticket, one in tickets.items()])
        for ticket, hypothesis in self._engine.step():
            waiting = self._in_flight.pop(ticket)
            self._call(waiting.listener.on_result, waiting.job, hypothesis)

    def _recover(self) -> None:
        """Start afresh: each final that was in flight is tried again alone, then given up.

        Alone, since any of the clips may have been the cause. A partial is not worth it.
        """
        self._engine.reset()
        failed, self._in_flight = list(self._in_flight.values()), {}
        for waiting in failed:
            if waiting.alone or waiting.job.kind is JobKind.PARTIAL:
                self._call(waiting.listener.on_failure, waiting.job, "the engine failed twice")
            else:
                with self._changed:
                    self._queue.put(replace(waiting, alone=True))

    def _note_step(self, batch: list[QueuedJob], seconds: float) -> None:
        urgent = sum(one.job.clip.seconds for one in batch if one.job.slack_s == 0)
        patient = sum(one.job.clip.seconds for one in batch if one.job.slack_s > 0)
        with self._changed:
            self._meter.add(time.monotonic(), seconds, urgent, patient)
        self._tell_step(seconds)

    def _tell_batch(self, batch: list[QueuedJob]) -> None:
        if self._observer is not None:
            now = time.monotonic()
            report = BatchReport(
                kind=batch[0].job.kind,
                clips=len(batch),
                audio_s=sum(one.job.clip.seconds for one in batch),
                longest_wait_s=max(now - one.arrived for one in batch),
            )
            self._call(self._observer.batch_joined, report)

    def _tell_step(self, seconds: float) -> None:
        if self._observer is not None:
            self._call(self._observer.step_done, seconds)

    def _call(self, function: Callable[[*Args], None], *args: *Args) -> None:
        """Call on the event loop; a loop that has ended wants no answers."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.debug("the event loop is closed: an answer is dropped")
