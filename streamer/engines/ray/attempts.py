"""One clip until it is answered: lost calls made again, silence hedged, late doubles dropped."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from streamer.engines.ray.cluster import Calls, LostError
from streamer.engines.ray.messages import REPLIES, written
from streamer.engines.ray.patience import Patience
from streamer.engines.ray.roster import Roster
from streamer.engines.ray.route import Route
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import EngineError, Outcome

log = logging.getLogger(__name__)

MOST = 4
"""Attempts at a clip that cannot be done without; a partial has one: the next one comes soon."""

DEADLINE_S = 30.0
"""After which nobody is waited for: the clip goes back into the queue, as one not heard."""

JITTER_S = (0.01, 0.05)
"""Before another attempt: those that were lost together shall not come back together."""

LOOK_S = 0.05
"""Between two looks for another replica, once that of a clip is silent."""

Call = asyncio.Task[bytes]


class Attempts:
    """The calls for one clip, of which the first answer counts."""

    def __init__(
        self,
        clip: Clip,
        calls: Calls,
        roster: Roster,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._clip = clip
        self._head, self._body = written(clip)
        self._most = MOST if clip.exact else 1
        self._calls = calls
        self._roster = roster
        self._patience = patience
        self._clock = clock
        self._running: dict[Call, Route] = {}
        self._tried: frozenset[str] = frozenset()
        self._made = 0
        self._make()

    async def outcome(self) -> Outcome:
        """Return how the clip ends."""
        deadline = self._clock() + DEADLINE_S
        lost = "nothing was heard of it in time"
        try:
            while (left_s := deadline - self._clock()) > 0:
                if not self._running:
                    if self._made == self._most:
                        break
                    await asyncio.sleep(random.uniform(*JITTER_S))
                    self._make()
                wait_s = self._silence_s() if self._made < self._most else left_s
                ended, _ = await asyncio.wait(
                    self._running, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
                )
                for call in ended:
                    route = self._running.pop(call)
                    answer = self._answer(call, route)
                    if not isinstance(answer, LostError):
                        return answer
                    lost = str(answer)
                if not ended and self._hedge():
                    self._make()
            return EngineError(lost, away=True)
        finally:
            self.forget()

    def forget(self) -> None:
        """Cancel all calls that have no answer."""
        for call, route in self._running.items():
            call.cancel()
            self._roster.end(route)
        self._running.clear()

    def _make(self) -> None:
        """Call a replica that has not been tried yet, if there is one."""
        self._tried |= {one.replica for one in self._running.values() if one.replica is not None}
        route = Route(affinity=self._clip.incremental, avoid=self._tried)
        self._roster.begin(route, self._clock())
        self._made += 1
        call = asyncio.ensure_future(self._calls.transcribe(self._head, self._body, route))
        call.add_done_callback(_seen)
        self._running[call] = route

    def _answer(self, call: Call, route: Route) -> Outcome | LostError:
        self._roster.end(route)
        try:
            told = REPLIES.validate_json(call.result())
        except asyncio.CancelledError:
            error = LostError("the call was cancelled")
        except LostError as lost:
            error = lost
        else:
            now = self._clock()
            self._patience.took(self._clip.seconds, now - route.sent_at)
            self._roster.answered(route.replica, told, now)
            return told.outcome
        if route.replica is not None:
            self._tried |= {route.replica}
            if self._roster.doubt(route.replica):
                log.warning("replica %s is lost: %s", route.replica, error)
        return error

    def _silence_s(self) -> float:
        """How long the newest call may yet have nobody say anything."""
        route = list(self._running.values())[-1]
        patience_s = self._patience.with_clip(self._clip.seconds)
        return max(LOOK_S, patience_s - self._roster.silent_s(route, self._clock()))

    def _hedge(self) -> bool:
        """Whether the replica of the newest call is silent, and there is another to be asked."""
        route = list(self._running.values())[-1]
        patience_s = self._patience.with_clip(self._clip.seconds)
        if self._roster.silent_s(route, self._clock()) < patience_s:
            return False
        if self._roster.doubt(route.replica):
            log.warning("replica %s says nothing for %.2f s", route.replica, patience_s)
        tried = self._tried | ({route.replica} if route.replica is not None else set())
        return self._made < self._most and self._roster.has_other(tried)


def _seen(call: Call) -> None:
    """Take note of how a call ended that nobody waits for any more, or asyncio complains of it."""
    if not call.cancelled():
        call.exception()
