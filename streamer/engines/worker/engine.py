"""A model in a process of its own, which is started again whenever it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, repeat

from streamer.decoding.step_engine import EngineWork
from streamer.engines.base import Capacity, Done
from streamer.engines.health import STUCK_S
from streamer.engines.worker.messages import Advanced, Cancel, NotLoaded, Submit
from streamer.engines.worker.process import WorkerProcess
from streamer.models.errors import ModelError
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 10.0

AHEAD = 8
"""Clips that may wait in the process, so that a row that ends is filled without asking for more."""

LOOK_S = 1.0
"""How often it is looked whether a process that has clips says anything. A server that was frozen
itself does not look, so only time counts in which both were awake."""

LOAD_LIMIT_S = 300.0
"""A load takes a second for small models, and minutes for 2B parameters from a slow disk."""

RESTART_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits before each attempt to start a process, until one loads."""


class WorkerEngine:
    """An `Engine` whose process may crash, hang or be killed: nobody waits longer than a load.

    What was in flight ends with a shared error, for any of it may have been the cause; whoever
    submitted it decides whether it is tried again. Belongs to the event loop.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        label: str = "the engine's process",
    ) -> None:
        """Without an `environment` the process has ours; the log calls it by its `label`."""
        self._command = command
        self._environment = environment
        self._label = label
        self._process: WorkerProcess | None = None  # none while another is started
        self._info: EngineInfo | None = None
        self._slots = 0
        self._in_flight: dict[int, Done] = {}
        self._on_change: Callable[[], None] = _nobody
        self._totals = _Totals()
        self._was_heard = False
        self._keeper: asyncio.Task[None] | None = None
        self.on_step: Callable[[float], None] | None = None
        """Told how long each step took, on the event loop."""

    async def load(self) -> None:
        """Start the process and wait until it has loaded the model; raises ModelError."""
        try:
            self._process = await self._attempt()
        except OSError as error:
            raise ModelError(f"no process for the engine: {error.strerror}") from error

    @property
    def info(self) -> EngineInfo:
        """What the first process said of the model; all load the same."""
        assert self._info is not None
        return self._info

    @property
    def work(self) -> EngineWork:
        """What all processes together have counted."""
        return self._totals.work

    @property
    def pid(self) -> int | None:
        """The number of the process that serves; None while another is started."""
        return self._process.pid if self._process is not None else None

    def start(self, on_change: Callable[[], None]) -> None:
        """Watch over the process from now on."""
        self._on_change = on_change
        self._keeper = asyncio.create_task(self._keep(), name="engine's keeper")

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Send a clip to the process."""
        self._in_flight[key] = done
        if self._process is not None:
            request = Submit(
                key=key,
                options=clip.options,
                draft=clip.draft,
                incremental=clip.incremental,
                patient=clip.patient,
            )
            self._process.send(request, clip.samples)

    def cancel(self, key: int) -> None:
        """Forget a clip, here at once and there before the next step."""
        if self._in_flight.pop(key, None) is not None and self._process is not None:
            self._process.send(Cancel(key=key))

    def capacity(self) -> Capacity:
        """Tell how many more clips the model has rows for; none while there is no process."""
        there = self._process is not None
        places = self._slots - len(self._in_flight)
        return Capacity(
            free=max(0, places) if there else 0,
            ahead=min(AHEAD, AHEAD + places) if there else 0,
            slots=self._slots,
            busy_s=self._totals.busy_s,
            trouble=self._totals.trouble if there else "engine restarting",
            dead=self._keeper is not None and self._keeper.done(),
        )

    async def close(self) -> None:
        """Let the step in progress end, and the process with it."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._process is not None and not await self._process.close(CLOSE_TIMEOUT_S):
            log.error("the engine has not ended its step in %g s", CLOSE_TIMEOUT_S)

    async def _keep(self) -> None:
        """Start another process whenever one is gone."""
        while self._process is not None:
            how = await self._until_gone(self._process)
            log.error("%s %s, with %d clips", self._label, how, len(self._in_flight))
            self._process = None
            self._totals.settle()
            lost, self._in_flight = self._in_flight, {}
            for done in lost.values():
                done(EngineError(f"{self._label} {how}", shared=True))
            self._on_change()  # another engine may take them
            self._process = await self._another()
            log.info("%s was started again", self._label)
            self._on_change()

    async def _until_gone(self, process: WorkerProcess) -> str:
        """Wait until it has ended; kill it where it has clips and nothing to say."""
        silent_s = 0.0
        while not process.gone.done():
            await asyncio.wait({process.gone}, timeout=LOOK_S)
            silent_s = silent_s + LOOK_S if self._in_flight and not self._was_heard else 0.0
            self._was_heard = False
            if silent_s >= STUCK_S:
                log.error("%s has said nothing for %g s: it is killed", self._label, silent_s)
                process.kill()
        return process.gone.result()

    async def _another(self) -> WorkerProcess:
        """Try until a process has loaded the model."""
        for wait_s in chain(RESTART_S, repeat(RESTART_S[-1])):
            await asyncio.sleep(wait_s)
            try:
                return await self._attempt()
            except (OSError, ModelError) as error:
                log.error("%s cannot be started again: %s", self._label, error)
        raise AssertionError("there is always another attempt")

    async def _attempt(self) -> WorkerProcess:
        """Start a process and wait until it is of use; raises OSError or ModelError."""
        process = WorkerProcess(self._advanced)
        await process.start(self._command, self._environment)
        try:
            await asyncio.wait(
                {process.loaded, process.gone},
                timeout=LOAD_LIMIT_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
        except asyncio.CancelledError:
            await process.close(0)
            raise
        if not process.loaded.done():
            process.kill()
            how = await process.gone
            raise ModelError(f"{self._label} {how} while it loaded the model")
        loaded = process.loaded.result()
        if isinstance(loaded, NotLoaded):
            await process.close(CLOSE_TIMEOUT_S)
            raise ModelError(loaded.message)
        self._info, self._slots = loaded.info, loaded.slots
        return process

    def _advanced(self, told: Advanced) -> None:
        self._was_heard = True
        self._totals.take(told)
        if self.on_step is not None:
            for step_s in told.steps_s:
                self.on_step(step_s)
        for key, outcome in (*told.failed, *told.heard):
            if (done := self._in_flight.pop(key, None)) is not None:  # else it was cancelled
                done(outcome)
        self._on_change()


class _Totals:
    """What one process after the other has counted since it began, in all."""

    def __init__(self) -> None:
        self._before_s = 0.0
        self._before = EngineWork()
        self._told = Advanced()

    @property
    def busy_s(self) -> float:
        return self._before_s + self._told.busy_s

    @property
    def work(self) -> EngineWork:
        return self._before + self._told.work

    @property
    def trouble(self) -> str | None:
        return self._told.trouble

    def take(self, told: Advanced) -> None:
        self._told = told

    def settle(self) -> None:
        """The process is gone; the next counts from nothing."""
        self._before_s, self._before = self.busy_s, self.work
        self._told = Advanced()


def _nobody() -> None:
    """Nobody wants to know yet."""
