"""A cluster whose replicas answer, are silent, or die, as a test wants."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from engines import CountingEngine, words_of

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.base import Capacity
from streamer.engines.ray.cluster import LostError
from streamer.engines.ray.engine import RayEngine
from streamer.engines.ray.messages import LOADED, read, reply
from streamer.engines.ray.roster import Roster
from streamer.engines.ray.route import Route
from streamer.engines.worker.messages import Loaded


class FakeCluster:
    """`mood` of a replica: answers, silent, dead, other (its version is).

    `heard` counts what each was asked.
    """

    def __init__(self, *names: str, slots: int = 4) -> None:
        self.roster = Roster()
        self.slots = slots
        self.mood = dict.fromkeys(names, "answers")
        self.heard: Counter[str] = Counter()
        self.cancelled = 0
        self.released = asyncio.Event()
        self.roster.update(names)

    async def describe(self, route: Route) -> bytes:
        await self._reach(route)
        return LOADED.dump_json(Loaded(info=CountingEngine().info, slots=self.slots))

    async def transcribe(self, head: bytes, body: bytes, route: Route) -> bytes:
        name = await self._reach(route)
        self.heard[name] += 1
        if self.mood[name] == "other":
            return b'{"version": 2}'
        return reply(words_of(read(head, body)), Capacity(1, self.slots, self.heard[name]), 0)

    async def _reach(self, route: Route) -> str:
        name = self.roster.ranked(route)[0]
        self.roster.take(route, name, asyncio.get_running_loop().time())
        try:
            if self.mood[name] == "silent":
                await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.mood[name] == "dead":
            raise LostError(f"{name} is dead")
        return name


@asynccontextmanager
async def dispatching(cluster: FakeCluster) -> AsyncGenerator[tuple[RayEngine, Dispatcher]]:
    engine = RayEngine(cluster, cluster.roster, asyncio.get_running_loop().time)
    await engine.load()
    dispatcher = Dispatcher(engine)
    dispatcher.start()
    try:
        yield engine, dispatcher
    finally:
        await dispatcher.close()
