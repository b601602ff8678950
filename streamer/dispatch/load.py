"""How much of the engine's time goes into work that cannot wait. Plain data, no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_S = 5.0
"""Seconds over which load is measured: as long as an utterance, about."""
SLICE_S = 0.25
PASSES = 3.0
"""Seconds of urgent audio that a second of live speech makes at most: each longer pause asks for
the utterance so far. Whoever causes more sends files, and waits for one before the next."""


@dataclass(slots=True)
class _Slice:
    began: float
    busy_s: float = 0.0
    urgent_s: float = 0.0
    patient_s: float = 0.0


class LoadMeter:
    """The engine's last seconds: how long it was busy, and with what.

    Partials take whatever time is left, so an engine that is always busy may have room for many
    more finals. The share of it that urgent work takes says how many.
    """

    def __init__(self) -> None:
        self._slices: deque[_Slice] = deque()

    def used(self, now: float, busy_s: float) -> None:
        """Note how many seconds of the engine were used up to now, since the last call."""
        self._slice(now).busy_s += busy_s

    def began(self, now: float, audio_s: float, *, urgent: bool) -> None:
        """Note what audio the engine was given."""
        one = self._slice(now)
        if urgent:
            one.urgent_s += audio_s
        else:
            one.patient_s += audio_s

    def load(self, now: float, sessions: int) -> float:
        """Return the share of the last seconds that so many live sessions needed, 0 to 1."""
        self._forget(now)
        urgent = sum(one.urgent_s for one in self._slices)
        audio = urgent + sum(one.patient_s for one in self._slices)
        if audio == 0:
            return 0.0
        busy = sum(one.busy_s for one in self._slices)
        return min(1.0, busy / WINDOW_S) * min(urgent, PASSES * sessions * WINDOW_S) / audio

    def _slice(self, now: float) -> _Slice:
        if not self._slices or now - self._slices[-1].began >= SLICE_S:
            self._slices.append(_Slice(now))
            self._forget(now)
        return self._slices[-1]

    def _forget(self, now: float) -> None:
        while self._slices and now - self._slices[0].began > WINDOW_S:
            self._slices.popleft()
