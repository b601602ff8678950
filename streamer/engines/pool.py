"""Several engines of one model as one: the least loaded gets a clip, one that is lost is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from streamer.engines.base import Capacity, Done, Engine
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import EngineError, Outcome


@dataclass(slots=True)
class _Flight:
    member: int
    clip: Clip
    done: Done
    moved: bool = False


class EnginePool:
    """An `Engine` made of others, which answer on the event loop, as all of it does.

    A whole clip that one of them has lost, or is away for, goes to another at once; after that it
    is the caller's, who may try it alone. Clips of a growing utterance stay together where there is
    room, since engines keep what they made of it.
    """

    def __init__(self, members: Sequence[Engine]) -> None:
        self.members = members
        self._flights: dict[int, _Flight] = {}
        self._busy_s = 0.0
        self._busy_of = [0.0] * len(members)

    @property
    def info(self) -> EngineInfo:
        """That of the first: all serve the same model."""
        return self.members[0].info

    def start(self, on_change: Callable[[], None]) -> None:
        """Start all of them."""
        for member in self.members:
            member.start(on_change)

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        """Give a clip to whoever has the largest share of its places free."""
        home = None if clip.incremental is None else crc32(clip.incremental.encode())
        self._send(key, _Flight(self._choice(home), clip, done))

    def cancel(self, key: int) -> None:
        """Forget a clip."""
        if (flight := self._flights.pop(key, None)) is not None:
            self.members[flight.member].cancel(key)

    def capacity(self) -> Capacity:
        """Tell what those take together that are well; in trouble when all are."""
        told = [member.capacity() for member in self.members]
        self._count_busy(told)
        well = [one for one in told if one.trouble is None]
        return Capacity(
            free=sum(one.free for one in well),
            slots=sum(one.slots for one in well or told),
            busy_s=self._busy_s,
            trouble=None if well else told[0].trouble,
            dead=all(one.dead for one in told),
            ahead=sum(one.ahead for one in well),
            partial_every_s=max((one.partial_every_s for one in well), default=0.0),
        )

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(member.close() for member in self.members))

    def _send(self, key: int, flight: _Flight) -> None:
        self._flights[key] = flight
        member = self.members[flight.member]
        member.submit(key, flight.clip, lambda outcome: self._ended(key, outcome))

    def _choice(self, home: int | None, besides: int | None = None) -> int:
        """Choose a member: the `home` of an utterance where it has a place, never `besides`."""
        told = {n: one.capacity() for n, one in enumerate(self.members) if n != besides}
        if home is not None:
            at = home % len(self.members)
            if told[at].trouble is None and told[at].free > 0:
                return at
        return max(told, key=lambda n: _room(told[n]))

    def _ended(self, key: int, outcome: Outcome) -> None:
        flight = self._flights.pop(key, None)
        if flight is None:
            return  # it was cancelled when it was just ending
        if isinstance(outcome, EngineError) and self._may_move(flight, outcome):
            other = self._choice(None, besides=flight.member)
            if self.members[other].capacity().trouble is None:
                self._send(key, _Flight(other, flight.clip, flight.done, moved=True))
                return
        flight.done(outcome)

    def _may_move(self, flight: _Flight, error: EngineError) -> bool:
        blameless = error.shared or error.away
        return blameless and flight.clip.exact and not flight.moved and len(self.members) > 1

    def _count_busy(self, told: Sequence[Capacity]) -> None:
        """Add what they have done since the last time, as a share of those that are well."""
        places = sum(one.slots for one in told if one.trouble is None)
        for number, one in enumerate(told):
            if places:
                self._busy_s += (one.busy_s - self._busy_of[number]) * one.slots / places
            self._busy_of[number] = one.busy_s


def _room(capacity: Capacity) -> tuple[bool, float, int]:
    share = (capacity.free + capacity.ahead) / max(1, capacity.slots)
    return capacity.trouble is None, share, capacity.free


def members_of(engine: Engine) -> Sequence[Engine]:
    """Return the engines that one is made of: itself, if it is no pool."""
    return engine.members if isinstance(engine, EnginePool) else (engine,)
