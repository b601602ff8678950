"""A model of a cluster as an engine: every clip answered once, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from streamer.engines.base import Capacity, Done
from streamer.engines.ray.attempts import Attempts
from streamer.engines.ray.cluster import Calls, LostError
from streamer.engines.ray.messages import LOADED
from streamer.engines.ray.patience import Patience
from streamer.engines.ray.roster import Roster
from streamer.engines.ray.route import Route
from streamer.engines.worker.messages import Loaded
from streamer.models.errors import ModelError
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Outcome

log = logging.getLogger(__name__)

AHEAD = 8
"""Clips that may wait at a replica, so that a row that ends is filled without asking for more."""

LOOK_S = 0.5
"""Between two looks at replicas that say nothing."""

FIRST_S = 300.0
"""How long the first answer may take: a replica that is started loads its model first."""


class RayEngine:
    """An `Engine` whose clips are heard by the replicas of an application.

    A call may be lost with its replica, its machine or the way there, with or without a word; each
    clip is tried until somebody answers, and answered once. Belongs to the event loop.
    """

    def __init__(
        self, calls: Calls, roster: Roster, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._roster = roster
        self._clock = clock
        self._patience = Patience()
        self._loaded: Loaded | None = None
        self._clips: dict[int, tuple[Attempts, asyncio.Task[None]]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._on_change: Callable[[], None] = _nobody

    async def load(self) -> None:
        """Ask what the application serves; raises ModelError where nothing answers."""
        try:
            async with asyncio.timeout(FIRST_S):
                self._loaded = await self._described(Route())
        except (LostError, TimeoutError, ValueError) as error:
            raise ModelError(f"no replica of the application answers: {error}") from error
        self._roster.slots = self._loaded.slots
        for replica in self._roster.replicas.values():
            replica.slots = self._loaded.slots

    @property
    def info(self) -> EngineInfo:
        """What a replica said of the model; all load the same."""
        assert self._loaded is not None
        return self._loaded.info

    def start(self, on_change: Callable[[], None]) -> None:
        """Watch over the replicas from now on."""
        self._on_change = self._roster.on_change = on_change
        self._watch = asyncio.create_task(self._look_after(), name="cluster's replicas")

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Send a clip to a replica."""
        attempts = Attempts(clip, self._calls, self._roster, self._patience, self._clock)
        carrying = self._carry(key, attempts, done)
        self._clips[key] = attempts, asyncio.create_task(carrying, name="cluster clip")

    def cancel(self, key: int) -> None:
        """Forget a clip, here at once and there before the next step."""
        if (found := self._clips.pop(key, None)) is not None:
            attempts, carrying = found
            carrying.cancel()
            attempts.forget()

    def capacity(self) -> Capacity:
        """Tell how many more clips the replicas have places for, as far as they have told."""
        free, slots = self._roster.room
        trouble = self._roster.trouble
        return Capacity(
            free=free if trouble is None else 0,
            ahead=AHEAD if trouble is None else 0,
            slots=slots,
            busy_s=self._roster.busy_s,
            trouble=trouble,
        )

    async def close(self) -> None:
        """Forget what is in flight; the cluster goes on."""
        for key in list(self._clips):
            self.cancel(key)
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _carry(self, key: int, attempts: Attempts, done: Done) -> None:
        outcome: Outcome
        try:
            outcome = await attempts.outcome()
        except Exception as error:  # such as a replica of another version: nobody may wait for ever
            log.exception("a replica's answer cannot be used")
            outcome = EngineError(str(error))
        del self._clips[key]
        done(outcome)
        self._on_change()

    async def _described(self, route: Route) -> Loaded:
        self._roster.begin(route, self._clock())
        try:
            return LOADED.validate_json(await self._calls.describe(route))
        finally:
            self._roster.end(route)

    async def _look_after(self) -> None:
        """Ask those that have said nothing how they are, one by one, until they answer."""
        while True:
            await asyncio.sleep(LOOK_S + random.uniform(0, LOOK_S / 4))
            for name in self._roster.suspects:
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._described(Route(only=name))
                except (LostError, TimeoutError, ValueError):  # the last: of another version
                    continue
                log.info("replica %s answers again", name)
                self._roster.heard(name, self._clock())
                self._on_change()


def _nobody() -> None:
    """Nobody wants to know yet."""
