"""The cluster's side of a call: one model, and every clip answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from streamer.decoding.step_engine import StepEngine
from streamer.engines.local import LocalEngine
from streamer.engines.ray.expected import ExpectedLoad
from streamer.engines.ray.messages import LOADED, read, reply
from streamer.engines.ray.route import Route
from streamer.engines.worker.messages import Loaded
from streamer.speech.hypothesis import Outcome


class EngineReplica:
    """What Ray Serve starts on a node, as often as is wanted. Its methods are the calls.

    Clips of all gateways share the model's steps; each call waits for its own clip, and one that
    is cancelled takes its clip along.
    """

    def __init__(self, load: Callable[[], StepEngine], max_batch: int) -> None:
        self._engine = LocalEngine(load(), max_batch)
        self._keys = count()
        self._in_flight = 0
        self._load = ExpectedLoad()
        self._started = False

    async def describe(self, _: Route | None = None) -> bytes:
        """Tell which model it is, and how many clips it takes at a time."""
        return LOADED.dump_json(Loaded(info=self._engine.info, slots=self._engine.capacity().slots))

    async def transcribe(self, head: bytes, body: bytes, _: Route | None = None) -> bytes:
        """Hear a clip: the answer is a `Reply`, of an error too."""
        self._start()
        clip, key = read(head, body), next(self._keys)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def ended(outcome: Outcome) -> None:
            loop.call_soon_threadsafe(_settle, answer, outcome)

        self._load.began(loop.time(), clip.seconds, urgent=clip.exact and not clip.patient)
        self._in_flight += 1
        self._engine.submit(key, clip, ended)
        try:
            outcome = await answer
        except asyncio.CancelledError:
            self._engine.cancel(key)
            raise
        finally:
            self._in_flight -= 1
        return reply(outcome, self._engine.capacity(), self._in_flight)

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Tell what share of it the clips take that cannot wait; asked by Ray Serve."""
        now, busy_s = asyncio.get_running_loop().time(), self._engine.capacity().busy_s
        return {"expected_load": self._load.share(now, busy_s)}

    async def check_health(self) -> None:
        """Raise where the model is of no use; asked by Ray Serve, which then starts another."""
        if (trouble := self._engine.capacity().trouble) is not None:
            raise RuntimeError(trouble)

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._engine.start(_nobody)


def _settle(answer: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not answer.done():  # else nobody waits for it any more
        answer.set_result(outcome)


def _nobody() -> None:
    """Calls wait for clips, not for places."""
