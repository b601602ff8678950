"""A TCP connection in the shape of a WebSocket, so that `Connection` carries both."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

READ_BYTES = 4096
"""Taken in one turn of the event loop; a flood of tiny messages is worth some two milliseconds."""

BUFFER_BYTES = 16_384
"""Read ahead, and written behind."""

LINGER_S = 2.0
"""Time that a peer has to read the last words before the connection is cut."""


class TcpSocket:
    """Bytes as they come in, text out. `b""` is received once when the peer sends no more."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._said_all = False
        self._heard_all = False
        self.transport = writer.transport
        self.transport.set_write_buffer_limits(BUFFER_BYTES)

    async def recv(self) -> bytes:
        """Return the next bytes; raises ConnectionClosed once the connection is gone."""
        while not self._heard_all:
            try:
                data = await self._reader.read(READ_BYTES)
            except OSError as error:
                raise ConnectionClosedError(None, None) from error
            self._heard_all = not data
            if not self._said_all:
                await asyncio.sleep(0)  # a full buffer is read without giving way to others
                return data
        if self._said_all:
            self.transport.close()
        await self.wait_closed()
        raise ConnectionClosedOK(None, None)

    async def send(self, message: str) -> None:
        """Send text, as UTF-8; raises ConnectionClosed."""
        try:
            self._writer.write(message.encode())
            await self._writer.drain()
        except OSError as error:
            raise ConnectionClosedError(None, None) from error

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say that no more comes, and hang up when the peer does, or soon after."""
        self._said_all = True
        if self.transport.is_closing():
            return
        # Unread bytes at the time of the close would reset the connection, and take our last
        # words with them: `recv` goes on reading, and forgets.
        if self._heard_all or not self.transport.can_write_eof():
            self.transport.close()
        else:
            self.transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_S, self.transport.close)

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        with contextlib.suppress(OSError):  # reset by the peer
            await asyncio.shield(self._writer.wait_closed())
