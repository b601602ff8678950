"""A TCP proxy in front of a server: a line that can be cut, or left to hang without a word."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

READ_BYTES = 4096


class TcpProxy:
    """What goes through `url` reaches `host` and `port`, which may change for later connections."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.url = ""
        self._ends: list[asyncio.StreamWriter] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    async def start(self) -> asyncio.Server:
        """Listen on a free port of loopback."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def cut(self) -> None:
        """Reset both ends of every connection."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def hang(self) -> None:
        """Let nothing through any more on the connections that there are."""
        self._flows.clear()
        self._flows = asyncio.Event()
        self._flows.set()

    def stop(self) -> None:
        """Cut everything, and end the pumps of connections that hang."""
        self.cut()
        for pump in self._pumps:
            pump.cancel()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        self._ends += [writer, forth]
        for one, other in ((reader, forth), (back, writer)):
            pump = asyncio.create_task(_pump(one, other, self._flows))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_BYTES):
            await flows.wait()
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def tcp_proxy(host: str, port: int) -> AsyncGenerator[TcpProxy]:
    """Relay to this address as long as the context lasts."""
    proxy = TcpProxy(host, port)
    async with await proxy.start():
        yield proxy
        proxy.stop()
