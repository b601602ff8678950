"""The one owner of the engine: takes jobs from the event loop, runs them in its own thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVarTuple

from streamer.engine.base import Engine, EngineInfo
from streamer.scheduler.job import Job, JobKind, UtteranceKey
from streamer.scheduler.queue import JobQueue, Listener, Waiting

log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch cost, for metrics."""

    kind: JobKind
    clips: int
    audio_s: float
    seconds: float
    longest_wait_s: float


class SchedulerObserver(Protocol):
    """Whoever counts what the scheduler does; called on the event loop."""

    def batch_done(self, report: BatchReport) -> None:
        """A batch has been run."""
        ...

    def partial_superseded(self) -> None:
        """A partial gave way to a newer job before it was its turn."""
        ...


class Scheduler:
    """The micro-batching queue.

    `submit`, `withdraw` and the answers belong to the event loop that `start` was called on;
    only the engine's calls run in the worker thread.
    """

    def __init__(
        self, engine: Engine, max_batch: int, observer: SchedulerObserver | None = None
    ) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._observer = observer
        self._queue = JobQueue()
        self._changed = threading.Condition()
        self._closing = False
        self._busy_since: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)

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

    @property
    def busy_s(self) -> float:
        """Seconds that the engine has been at its present batch; 0 while idle."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def start(self) -> None:
        """Start the worker; must be called on the event loop that will submit jobs."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """Let the batch in progress end, drop what waits, and end the worker."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def submit(self, job: Job, listener: Listener) -> None:
        """Queue a job; the listener hears of it on the event loop."""
        now = time.monotonic()
        with self._changed:
            replaced = self._queue.put(Waiting(job, listener, now, now + job.slack_s))
            self._changed.notify()
        if replaced is not None and job.kind is JobKind.PARTIAL:
            replaced.listener.superseded(replaced.job)
            if self._observer is not None:
                self._observer.partial_superseded()

    def withdraw(self, key: UtteranceKey) -> None:
        """Drop what waits for an utterance; a job already running is answered all the same."""
        with self._changed:
            self._queue.withdraw(key)

    def withdraw_session(self, session: str) -> None:
        """Drop what waits for a session."""
        with self._changed:
            self._queue.withdraw_session(session)

    def _work(self) -> None:
        for batch in self._batches():
            began = time.monotonic()
            self._busy_since = began
            unanswered = self._run(batch)
            for waiting in unanswered:
                self._retry(waiting)
            self._busy_since = None
            self._report(batch, began)

    def _batches(self) -> Iterator[list[Waiting]]:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if self._closing:
                    return
                batch = self._queue.take(self._max_batch)
            yield batch

    def _run(self, batch: list[Waiting]) -> list[Waiting]:
        """Answer what the engine can do; return the jobs that it failed to."""
        unanswered = dict(enumerate(batch))
        try:
            for index, hypothesis in self._engine.transcribe([one.job.clip for one in batch]):
                waiting = unanswered.pop(index)
                self._call(waiting.listener.heard, waiting.job, hypothesis)
        except Exception:  # an engine may raise anything, and must not take the worker along
            log.exception("the engine failed on a batch of %d", len(batch))
        return list(unanswered.values())

    def _retry(self, waiting: Waiting) -> None:
        """Try a job alone: its neighbours may have been the cause."""
        if self._run([waiting]):
            self._call(waiting.listener.failed, waiting.job, "the engine failed twice")

    def _report(self, batch: list[Waiting], began: float) -> None:
        if self._observer is None:
            return
        report = BatchReport(
            kind=batch[0].job.kind,
            clips=len(batch),
            audio_s=sum(one.job.clip.seconds for one in batch),
            seconds=time.monotonic() - began,
            longest_wait_s=max(began - one.arrived for one in batch),
        )
        self._call(self._observer.batch_done, report)

    def _call(self, function: Callable[[*Args], None], *args: *Args) -> None:
        """Call on the event loop; a loop that has ended wants no answers."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.debug("the event loop is closed: an answer is dropped")
