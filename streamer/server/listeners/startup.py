"""What the address answers while the model loads: alive, but not ready."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from http import HTTPStatus
from types import TracebackType
from typing import Self

from streamer.server.listeners.addresses import naming

REQUEST_BYTES = 8192
REQUEST_TIMEOUT_S = 5.0


class StartupServer:
    """An async context manager; the port is free again when it ends."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._visitors: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """The port that is listened on: a free one, where 0 was asked for."""
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        """Start to listen; raises ListenError."""
        with naming(self._host, self._port):
            self._server = await asyncio.start_server(
                self._answer, self._host, self._port, ssl=self._tls, limit=REQUEST_BYTES
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop to listen, and hang up."""
        assert self._server is not None
        self._server.close()
        for visitor in self._visitors:
            visitor.transport.abort()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors.add(writer)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(request))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a request that is none gets no answer
        finally:
            self._visitors.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _response(request: bytes) -> bytes:
    words = request.split(maxsplit=2)
    alive = len(words) > 1 and words[1] == b"/healthz"
    status, text = (
        (HTTPStatus.OK, b"ok\n") if alive else (HTTPStatus.SERVICE_UNAVAILABLE, b"loading\n")
    )
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(text)}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + text
