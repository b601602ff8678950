"""One life of the engine's process, seen from the server: started, spoken with, gone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from streamer.engines.worker.messages import (
    ANSWERS,
    REQUESTS,
    Advanced,
    Loaded,
    NotLoaded,
    Request,
)
from streamer.runtime.frames import FrameParser, frame

SOCKET_BYTES = 4 << 20
"""What is asked of the system for each direction; a clip of 35 s is 2.2 MB."""

LAST_BREATH_S = 1.0
"""Between the end of its socket and that of a process that ends by itself, which tells more."""


class WorkerProcess(asyncio.Protocol):
    """Messages to and from a process that may die at any moment. Belongs to the event loop."""

    def __init__(self, on_advanced: Callable[[Advanced], None]) -> None:
        loop = asyncio.get_running_loop()
        self.loaded: asyncio.Future[Loaded | NotLoaded] = loop.create_future()
        """The first that it says."""
        self.gone: asyncio.Future[str] = loop.create_future()
        """How it ended, once all that it said has been heard."""
        self._on_advanced = on_advanced
        self._parser = FrameParser()
        self._transport: asyncio.WriteTransport | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._closing = False

    @property
    def pid(self) -> int:
        """The number of a process that has been started."""
        assert self._process is not None
        return self._process.pid

    async def start(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start it, the number of its socket behind the command, in our environment or another.

        Raises OSError where the system allows no more processes.
        """
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=environment,
                )
            except OSError:
                ours.close()
                raise
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
        self._waiting = asyncio.create_task(self._wait(self._process), name="engine's process")

    def send(self, request: Request, samples: NDArray[np.float32] | None = None) -> None:
        """Send a request; nobody hears what is said to a process that is gone."""
        if self._transport is None or self._transport.is_closing():
            return
        head = REQUESTS.dump_json(request)
        if samples is None:
            self._transport.write(frame(head))
        else:
            self._transport.write(frame(head, samples.nbytes))
            self._transport.write(samples.tobytes())

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self, timeout_s: float) -> bool:
        """Let it end by itself; returns False where it had to be killed after so many seconds."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
        in_time, _ = await asyncio.wait({self.gone}, timeout=timeout_s)
        if not in_time:
            self.kill()
            await self.gone
        return bool(in_time)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (`asyncio.Protocol`)."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Hear what it says (`asyncio.Protocol`)."""
        for head, _ in self._parser.feed(data):
            answer = ANSWERS.validate_json(head)
            if isinstance(answer, Advanced):
                self._on_advanced(answer)
            else:
                self.loaded.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what can say nothing more and does not end by itself (`asyncio.Protocol`)."""
        self._lost.set()
        if not self._closing:
            asyncio.get_running_loop().call_later(LAST_BREATH_S, self.kill)

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        await self._lost.wait()  # its last words may still be on their way
        self.gone.set_result(_how_ended(status))


def _how_ended(status: int) -> str:
    """Say how a process ended, from what `wait` returned."""
    if status >= 0:
        return f"ended with status {status}"
    names = {one.value: one.name for one in signal.Signals}
    return f"was killed by {names.get(-status, f'signal {-status}')}"
