"""What every live server looks like to the comparison: how it starts, and how one stream talks."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Transcript:
    """What one client had been told, again and again."""

    told: list[tuple[float, str, str]] = field(default_factory=list[tuple[float, str, str]])
    """When (monotonic), all the text that is final by then, and what is shown behind it."""
    failure: str | None = None

    def tell(self, committed: str, tentative: str = "") -> None:
        """Note all that is known now."""
        self.told.append((time.monotonic(), committed, tentative))


Audio = AsyncIterator[bytes]
"""16-bit samples at 16 kHz, each chunk once it is spoken; it ends when the microphone goes off."""

Talk = Callable[[str, Audio, Transcript], Awaitable[None]]
"""Sends the audio to an address, and notes what comes; it may end with any error of its own."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server: its address, and the process whose descendants' CPU time counts."""

    address: str
    pid: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A live server with a model."""

    name: str
    model: str
    silence_s: float
    """Of its endpoint, the client's or its own: what no final can come before."""
    start: Callable[[], AbstractContextManager[Running]]
    """Raises CommandError, saying what to install, where something is missing."""
    talk: Talk
    partials: bool = True
