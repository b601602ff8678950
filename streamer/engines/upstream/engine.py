"""One server that somebody else runs, as an engine."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from streamer.engines.base import Capacity, Done
from streamer.engines.upstream.answer import Answer, Fault
from streamer.engines.upstream.busy import BusyTime
from streamer.engines.upstream.circuit import Circuit
from streamer.engines.upstream.pace import FIRST_TIMEOUT_S, Latency
from streamer.engines.upstream.posting import Poster
from streamer.engines.upstream.probe import probe
from streamer.engines.upstream.profiles import Profile
from streamer.engines.upstream.request import SHORTEST_S
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome

log = logging.getLogger(__name__)

JITTER_S = (0.05, 0.2)
"""Before a clip may be tried again: those that failed together shall not come back together."""

PROBE_TIMEOUT_S = 15.0
"""For a second of speech; who takes longer is of no use to anybody who speaks, and who takes less
tells anew how long other clips may take."""

LOOK_S = 1.0
"""Least time between two looks at whether it is to be asked how it is."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server was found to serve: a model's name there, and what it is told to users as."""

    model: str
    info: EngineInfo


class UpstreamEngine:
    """An `Engine` whose clips are posted, and waited for. Belongs to the event loop.

    It has no back-pressure of its own, so at most `in_flight` clips are there at a time. A clip
    that was not heard ends as an error that says so, and goes on to whoever can hear it.
    """

    def __init__(
        self,
        poster: Poster,
        profile: Profile,
        served: Served,
        in_flight: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._poster = poster
        self._profile = profile
        self._served = served
        self._slots = in_flight
        self._clock = clock
        self._circuit = Circuit()
        self._latency = Latency()
        self._busy = BusyTime(in_flight, clock())
        self._posts: dict[int, asyncio.Task[None]] = {}
        self._on_change: Callable[[], None] = _nobody
        self._failed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self.on_post: Callable[[str, float], None] = _uncounted
        """Told how each post ended, in a word or a status, and after how many seconds."""

    @property
    def info(self) -> EngineInfo:
        """What the server was found to serve."""
        return self._served.info

    async def check(self) -> Answer:
        """Have a second of speech heard; where that fails, nothing else is sent before it does."""
        answer = await self._ask(probe(self.info.languages[0]), FIRST_TIMEOUT_S)
        if isinstance(answer.outcome, EngineError):
            self._circuit.failed(at_once=True)
        return answer

    def start(self, on_change: Callable[[], None]) -> None:
        """Watch over the server from now on."""
        self._on_change = on_change
        self._watch = asyncio.create_task(self._look_after(), name=f"upstream {self._poster.url}")

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Post a clip."""
        post = self._post(key, clip, done)
        self._posts[key] = asyncio.create_task(post, name="upstream post")
        self._busy.change(self._clock(), len(self._posts))

    def cancel(self, key: int) -> None:
        """Close the connection of a clip, which ends its work there."""
        if (post := self._posts.pop(key, None)) is not None:
            post.cancel()
            self._busy.change(self._clock(), len(self._posts))

    def capacity(self) -> Capacity:
        """Tell how many more clips may be there at a time; none while it fails."""
        now = self._clock()
        allowed = self._circuit.allows(now)
        return Capacity(
            free=max(0, self._slots - len(self._posts)) if allowed else 0,
            slots=self._slots,
            busy_s=self._busy.until(now),
            trouble="upstream away" if self._circuit.is_open else None,
            partial_every_s=self._latency.partial_every_s,
        )

    async def close(self) -> None:
        """Forget everything that is there."""
        tasks = [*self._posts.values(), *([self._watch] if self._watch is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.close()

    async def _post(self, key: int, clip: Clip, done: Done) -> None:
        if clip.seconds < SHORTEST_S:
            outcome: Outcome = Hypothesis("", (), None)
        else:
            outcome = await self._outcome(clip, self._latency.timeout_s)
        del self._posts[key]
        self._busy.change(self._clock(), len(self._posts))
        done(outcome)
        self._on_change()

    async def _outcome(self, clip: Clip, timeout_s: float) -> Outcome:
        try:
            answer = await self._ask(clip, timeout_s)
        except Exception as error:  # it would be a fault of ours: nobody may wait for ever
            log.exception("an answer of %s cannot be used", self._poster.url)
            return EngineError(str(error))
        if answer.fault is Fault.SERVER:
            await asyncio.sleep(random.uniform(*JITTER_S))
        return answer.outcome

    async def _ask(self, clip: Clip, timeout_s: float) -> Answer:
        """Post a clip, and learn from the answer how the server is."""
        began = self._clock()
        answer = await self._poster.transcribe(clip, self._served.model, timeout_s)
        now = self._clock()
        self.on_post(answer.label, now - began)
        if answer.fault is Fault.BUSY:
            self._circuit.hold(now + answer.hold_s)
            asyncio.get_running_loop().call_later(answer.hold_s, self._on_change)
        elif answer.fault in (Fault.NONE, Fault.CLIP):
            self._latency.took(now - began)
            if self._circuit.is_open:
                log.info("%s answers again", self._poster.url)
            self._circuit.succeeded(now)
        else:
            self._note_failure(answer)
        return answer

    def _note_failure(self, answer: Answer) -> None:
        was_open = self._circuit.is_open
        self._circuit.failed(at_once=answer.fault is Fault.REFUSED)
        if self._circuit.is_open and not was_open:
            assert isinstance(answer.outcome, EngineError)
            log.error("%s gets no audio any more: %s", self._poster.url, answer.outcome.message)
            self._failed.set()

    async def _look_after(self) -> None:
        """Ask it how it is while nobody else does, and until it answers where it has failed."""
        clip = probe(self.info.languages[0])
        while True:
            await self._wait_for_turn()
            idle = not (self._posts or self._profile.metered)
            if self._circuit.is_open or (idle and not self._circuit.probe_in_s(self._clock())):
                if isinstance(await self._outcome(clip, PROBE_TIMEOUT_S), EngineError):
                    self._circuit.probed_in_vain()
                self._on_change()

    async def _wait_for_turn(self) -> None:
        self._failed.clear()
        try:
            async with asyncio.timeout(max(LOOK_S, self._circuit.probe_in_s(self._clock()))):
                await self._failed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self._circuit.probe_in_s(self._clock()))


def _nobody() -> None:
    """Nobody wants to know yet."""


def _uncounted(_: str, __: float) -> None:
    """Nobody counts."""
