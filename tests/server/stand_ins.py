"""Stand where the engine and the socket stand: answers when told to, and a line of two lists."""

from __future__ import annotations

import asyncio
import zlib
from typing import cast

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
