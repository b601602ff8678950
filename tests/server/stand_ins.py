"""Stand where engine, socket and clock stand: answers when told to, and a line of two lists."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, cast

from streamer.dispatch.account import Account
from streamer.dispatch.job import Job, UtteranceKey
from streamer.dispatch.queue import Listener
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Hypothesis

INFO = EngineInfo(
    name="checksums",
    languages=("en", "de"),
    provider="CPU",
    precision="fp32",
    max_seconds=35.0,
    demonstration=False,
)


def checksum(clip: Clip) -> Hypothesis:
    """A text that no other audio has."""
    return Hypothesis(f"{zlib.crc32(clip.samples.tobytes()):x}", (), 1.0)


class Engine:
    """Stands where the scheduler stands; answers when it is told to, in whatever order."""

    def __init__(self) -> None:
        self.info = INFO
        self.jobs: list[tuple[Job, Listener]] = []

    def submit(self, job: Job, listener: Listener) -> None:
        self.jobs.append((job, listener))

    def withdraw(self, key: UtteranceKey) -> None:
        self.jobs = [one for one in self.jobs if one[0].key != key]

    def open_account(self) -> Account:
        return Account(0.0)

    def withdraw_session(self, session: str) -> None:
        self.jobs = [one for one in self.jobs if one[0].key.session != session]


class Transport:
    def __init__(self) -> None:
        self.aborted = asyncio.Event()

    def abort(self) -> None:
        self.aborted.set()

    def is_closing(self) -> bool:
        return self.aborted.is_set()


class Socket:
    """A line of two lists."""

    def __init__(self) -> None:
        self.transport = cast("asyncio.WriteTransport", Transport())
        self.up: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.down: list[str] = []
        self.closed: int | None = None

    async def recv(self) -> str | bytes:
        return await self.up.get()

    async def send(self, message: str) -> None:
        self.down.append(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = code

    async def wait_closed(self) -> None:
        await asyncio.Event().wait()


@dataclass
class Clock(asyncio.AbstractEventLoop):
    """A loop of nothing but timers, whose time passes when it is told to."""

    now: float = 0.0
    timers: list[asyncio.TimerHandle] = field(default_factory=list[asyncio.TimerHandle])
    made: int = 0

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self.made += 1
        self.timers.append(asyncio.TimerHandle(when, callback, args, self, context))
        return self.timers[-1]

    def call_soon(  # pyright: ignore[reportIncompatibleMethodOverride] - every handle is a timer
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.timers.remove(handle)

    def sleep_through(self, seconds: float) -> None:
        """Stand still: no timer is called, however long it is due."""
        self.now += seconds

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [timer for timer in self.timers if timer.when() <= until]:
            timer = min(due, key=asyncio.TimerHandle.when)
            self.timers.remove(timer)
            self.now = max(self.now, timer.when())
            timer._run()  # pyright: ignore[reportPrivateUsage]
        self.now = max(self.now, until)
