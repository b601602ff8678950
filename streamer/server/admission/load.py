"""Whether the engine can take one session more and still keep its promise to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from streamer.server.admission.forecast import Forecast

FULL = 0.6
"""Share of the engine's time that finals may be expected to need. The rest is for their coming in
bursts, for partials, and for a machine that is slower a minute later: with 0.7 finals came too late
in two of five runs of `loadtest.overload`."""


class EngineLoad(Protocol):
    """What is asked of whoever hands jobs to the engine."""

    @property
    def lateness_s(self) -> float:
        """By how many seconds a final is late, or would be."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why nothing is transcribed at the moment; None while all is well."""
        ...

    def load(self, sessions: int) -> float:
        """Return the share of the engine, 0 to 1, that finals of so many live sessions need."""
        ...


class LoadLimit:
    """Holds the engine's load below `FULL`, and finals less than `max_lateness_s` late."""

    def __init__(
        self, engine: EngineLoad, max_lateness_s: float, clock: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._max_lateness_s = max_lateness_s
        self._clock = clock
        self._forecast = Forecast()

    @property
    def trouble(self) -> str | None:
        """Why nothing is transcribed at the moment; None while all is well."""
        return self._engine.trouble

    def objection(self, sessions: int) -> str | None:
        """Return why there should be no more than so many sessions; None if one more may come."""
        if self._engine.lateness_s > self._max_lateness_s:
            return "finals are late already"
        load = self._engine.load(sessions)
        expected = self._forecast.with_one_more(self._clock(), load, sessions)
        return "finals would be late" if expected > FULL else None
