"""An HTTP server that a webhook may post to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Receiver:
    """Answers with these statuses, then 200; 0 breaks the connection. `bodies` are those taken."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses
        self.bodies: list[str] = []
        self._changed = asyncio.Condition()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds after a request."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(holds)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "content-type: application/json" in head
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = (await reader.readexactly(length)).decode()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            writer.transport.abort()
        else:
            answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(answer.encode())
            await writer.drain()
            writer.close()
        if 200 <= status < 300:
            self.bodies.append(body)
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncGenerator[tuple[Receiver, str]]:
    """Serve on loopback; yields the receiver and its address."""
    receiver = Receiver(list(statuses))
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        yield receiver, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
