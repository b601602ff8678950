"""Which replicas there are, how they do, and which one a clip goes to. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zlib import crc32

from streamer.engines.ray.messages import Reply
from streamer.engines.ray.route import Route


@dataclass(slots=True)
class Replica:
    """One of them, as far as this gateway knows; `heard_at` is when it said something."""

    slots: int
    ours: int = 0
    others: int = 0
    """Clips of other gateways that it had when it last answered."""
    busy_s: float | None = None
    heard_at: float = 0.0
    suspect: bool = False
    """It has said nothing for too long, or cannot be reached; until it says something."""
    trouble: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether clips may go there."""
        return not self.suspect and self.trouble is None

    @property
    def share(self) -> float:
        """Clips that it has for each that it can have at a time."""
        return (self.ours + self.others) / max(1, self.slots)

    @property
    def free(self) -> int:
        """How many more clips may go there.

        What others had is known from its last answer alone: half of the places, one at least, are
        never left to them, or two gateways that have nothing there would wait for ever.
        """
        others = min(self.others, self.slots - max(1, self.slots // 2))
        return max(0, self.slots - self.ours - others)


class Roster:
    """The replicas of one application, as Ray tells and as they answer.

    Times are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        self.replicas: dict[str, Replica] = {}
        self.slots = 1
        """What a replica has that has not answered yet: what the first one said."""
        self._unrouted = 0
        self.busy_s = 0.0
        """Seconds that all of them together have been busy, as parts of what they can do."""
        self.on_change: Callable[[], None] = _nobody
        """Called when there are more of them, or others."""

    def update(self, present: Iterable[str]) -> None:
        """Ray tells which replicas there are."""
        names = list(present)
        self.replicas = {
            name: self.replicas.get(name) or Replica(slots=self.slots) for name in names
        }
        self.on_change()

    def ranked(self, route: Route) -> list[str]:
        """Return where an attempt may go, the best first; a growing utterance has a home."""
        if route.only is not None:
            return [route.only] if route.only in self.replicas else []
        names = sorted(self.replicas, key=lambda name: self._rank(name, route))
        if route.affinity is not None and names:
            home = max(names, key=lambda name: crc32(f"{route.affinity} {name}".encode()))
            one = self.replicas[home]
            if one.is_well and one.share < 1 and home not in route.avoid:
                names.remove(home)
                names.insert(0, home)
        return names

    def begin(self, route: Route, now: float) -> None:
        """An attempt is made, whoever it will go to."""
        self._unrouted += 1
        route.sent_at = now

    def take(self, route: Route, name: str, now: float) -> None:
        """An attempt goes to a replica; one that was refused goes to another."""
        if route.replica == name:
            return
        self.end(route)
        route.replica, route.sent_at = name, now
        if (one := self.replicas.get(name)) is not None:
            one.ours += 1

    def end(self, route: Route) -> None:
        """An attempt is over, however it ended."""
        if route.replica is None:
            self._unrouted -= 1
        elif (one := self.replicas.get(route.replica)) is not None:
            one.ours -= 1

    def answered(self, name: str | None, told: Reply, now: float) -> None:
        """Note how a replica says that it is."""
        if name is None or (one := self.replicas.get(name)) is None:
            return
        if one.busy_s is not None and told.busy_s > one.busy_s:
            self.busy_s += (told.busy_s - one.busy_s) / len(self.replicas)
        one.busy_s, one.slots, one.trouble = told.busy_s, told.slots, told.trouble
        one.others = max(0, told.in_flight - one.ours)
        self.heard(name, now)

    def heard(self, name: str | None, now: float) -> None:
        """A replica has said something, whatever it is."""
        if name is not None and (one := self.replicas.get(name)) is not None:
            one.heard_at, one.suspect = now, False

    def doubt(self, name: str | None) -> bool:
        """Send nothing to a replica until it says something; True where nobody had doubts yet."""
        if name is None or (one := self.replicas.get(name)) is None or one.suspect:
            return False
        one.suspect = True
        return True

    def silent_s(self, route: Route, now: float) -> float:
        """For how long a replica that has an attempt has said nothing since."""
        one = self.replicas.get(route.replica or "")
        return now - max(route.sent_at, one.heard_at if one is not None else 0.0)

    def has_other(self, tried: frozenset[str]) -> bool:
        """Whether there is one that is well, besides those."""
        return any(one.is_well for name, one in self.replicas.items() if name not in tried)

    @property
    def suspects(self) -> list[str]:
        """Those of whom nothing has been heard."""
        return [name for name, one in self.replicas.items() if one.suspect]

    @property
    def room(self) -> tuple[int, int]:
        """Places of those that are well, free ones and all."""
        well = [one for one in self.replicas.values() if one.is_well]
        free = sum(one.free for one in well)
        return max(0, free - self._unrouted), sum(one.slots for one in well)

    @property
    def trouble(self) -> str | None:
        """Why nothing is transcribed, in two words; None while one of them is well."""
        if not self.replicas:
            return "no replica"
        if any(one.is_well for one in self.replicas.values()):
            return None
        return next((one.trouble for one in self.replicas.values() if one.trouble), None) or (
            "replicas silent"
        )

    def _rank(self, name: str, route: Route) -> tuple[bool, bool, float, int]:
        """Those not tried yet, of them those that are well, of them the least busy.

        Equals are in an order of each gateway's own, lest all of them choose the same.
        """
        one = self.replicas[name]
        return name in route.avoid, not one.is_well, one.share, crc32(name.encode(), id(self))


_rosters: dict[str, Roster] = {}


def roster_of(application: str) -> Roster:
    """Return the roster of an application, the same for the engine and for Ray's router.

    Ray makes routers itself, one a process and application, and hands them to nobody.
    """
    return _rosters.setdefault(application, Roster())


def _nobody() -> None:
    """Nobody wants to know yet."""
