"""A model in this process: a thread of its own takes it from step to step."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from streamer.decoding.step_engine import CountsWork, EngineWork, StepEngine
from streamer.engines.base import Capacity, Done
from streamer.engines.health import StepHealth
from streamer.runtime.threads import lower_priority
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 10.0

MAX_BATCH = 64
"""Clips that join between two steps, where nobody says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Arrival:
    key: int
    clip: Clip
    done: Done


class LocalEngine:
    """A `StepEngine` as an `Engine`.

    Places are given away between steps only, all at once, so that the most urgent clips of those
    that came meanwhile get them. Who submits more than there are places for has them wait here,
    those who cannot wait before the others.
    """

    def __init__(
        self,
        steps: StepEngine,
        max_batch: int = MAX_BATCH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._steps = steps
        self._max_batch = max_batch
        self._clock = clock
        self.on_step: Callable[[float], None] | None = None
        """Told how long each step took; called by the thread."""
        self._slots = steps.free_slots
        self._health = StepHealth()
        self._changed = threading.Condition()
        self._arrivals: deque[_Arrival] = deque()
        self._cancelled: set[int] = set()
        self._free = min(max_batch, self._slots)
        self._busy_s = 0.0
        self._closing = False
        self._started = False
        self._on_change: Callable[[], None] = _nobody
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._in_flight: dict[int, Done] = {}  # the thread's own

    @property
    def info(self) -> EngineInfo:
        """The model's own description."""
        return self._steps.info

    @property
    def work(self) -> EngineWork:
        """What the model counts itself; zeros where it does not."""
        return self._steps.work if isinstance(self._steps, CountsWork) else EngineWork()

    def start(self, on_change: Callable[[], None]) -> None:
        """Start the thread."""
        self._on_change = on_change
        self._started = True
        self._thread.start()

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Let a clip join before the next step."""
        with self._changed:
            self._free -= 1
            self._arrivals.append(_Arrival(key, clip, done))
            self._changed.notify()

    def cancel(self, key: int) -> None:
        """Forget a clip before the next step."""
        with self._changed:
            waiting = len(self._arrivals)
            self._arrivals = deque(one for one in self._arrivals if one.key != key)
            if len(self._arrivals) < waiting:
                self._free += 1
            else:
                self._cancelled.add(key)

    def capacity(self) -> Capacity:
        """Tell what may join the next step; nothing while one is being made."""
        dead = self._started and not self._closing and not self._thread.is_alive()
        with self._changed:
            return Capacity(
                free=0 if dead else max(0, self._free),
                slots=self._slots,
                busy_s=self._busy_s,
                trouble="engine dead" if dead else self._health.trouble(self._clock()),
                dead=dead,
            )

    async def close(self) -> None:
        """Let the step in progress end, and the thread with it.

        A model that hangs is left behind: its thread does not keep the process alive.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        if not self._started:
            return
        await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            log.error("the engine has not ended its step in %g s", CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        lower_priority()
        while (arrivals := self._next()) is not None:
            began = self._clock()
            self._health.begin(began)
            self._advance(arrivals)
            took = self._clock() - began
            with self._changed:
                self._health.end()
                self._busy_s += took
                self._free = min(self._max_batch, self._steps.free_slots)
            if self.on_step is not None:
                self.on_step(took)
            self._on_change()
        self._steps.reset()  # what it does beside us must have ended when we have

    def _next(self) -> list[_Arrival] | None:
        """Wait until there is something to do; return who joins now, or None at the end."""
        with self._changed:
            while not (self._arrivals or self._in_flight or self._closing):
                self._changed.wait()
            if self._closing:
                return None
            room = min(self._max_batch, self._steps.free_slots)
            waiting = sorted(self._arrivals, key=lambda one: one.clip.patient)
            arrivals, self._arrivals = waiting[:room], deque(waiting[room:])
            cancelled, self._cancelled = self._cancelled, set()
            self._free = 0
        for key in cancelled & self._in_flight.keys():
            self._steps.drop(key)
            del self._in_flight[key]
        return arrivals

    def _advance(self, arrivals: list[_Arrival]) -> None:
        for one in arrivals:
            try:
                self._steps.join(one.key, one.clip)
            except Exception as error:  # a model may raise anything; it is this clip's alone
                log.exception("a clip of %.2f s could not join the engine", one.clip.seconds)
                one.done(EngineError(str(error)))
            else:
                self._in_flight[one.key] = one.done
        try:
            ended = self._steps.step()
        except Exception as error:  # nor may it take the thread along
            log.exception("the engine failed with %d clips in flight", len(self._in_flight))
            self._health.failed(self._clock())
            self._steps.reset()
            failed, self._in_flight = self._in_flight, {}
            for done in failed.values():
                done(EngineError(str(error), shared=True))
            return
        if ended and all(isinstance(outcome, EngineError) for _, outcome in ended):
            self._health.failed(self._clock())
        else:
            self._health.succeeded()
        for key, outcome in ended:
            self._in_flight.pop(key)(outcome)


def _nobody() -> None:
    """Nobody wants to know yet."""
