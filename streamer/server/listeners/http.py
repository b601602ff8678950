"""HTTP by uvicorn, in the server's own event loop and under its own life cycle.

uvicorn's `Server` would take over the signals, and end the process where an address is taken; its
protocol alone does what is needed.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

ASKING_S = 15.0
"""Time for a request's headers, and for the rest of a body that is no longer wanted."""

KEEP_ALIVE_S = 30
"""How long a connection may wait for its next request."""

CLOSING_S = 2.0
"""Time for answers that are being written when the server stops."""


class HttpListener:
    """An ASGI application behind an address."""

    def __init__(self, app: Starlette) -> None:
        self._config = Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start to listen, and return where; raises OSError when the address is not to be had."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self._config, self._state, {}), host, port, ssl=tls
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Stop to listen, and cut the connections once running answers are out, or soon."""
        assert self._server is not None
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=CLOSING_S)
        for task in self._state.tasks:
            task.cancel()
        await self._server.wait_closed()


class _Connection(H11Protocol):
    """A connection that must get on with its requests: uvicorn itself waits for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Count the time of whoever is asking; one whom we owe an answer has all the time."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        owed = cycle is not None and not cycle.response_complete
        resting = self.timeout_keep_alive_task is not None
        if owed or resting:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(ASKING_S, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
