"""HTTP by uvicorn, in the server's own event loop and under its own life cycle.

uvicorn's `Server` would take over the signals, and end the process where an address is taken; its
protocol alone does what is needed.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from typing import cast

import h11
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from streamer.runtime.timers import AwakeTimer
from streamer.server.admission.quotas import TokenBucket
from streamer.server.http.transcriptions import TRANSCRIPTIONS_PATH

HEAD_S = 5.0
"""Time for a request's headers."""

BODY_S = 15.0
"""Time for the rest of a body that is no longer wanted, and for an answer to be taken that is the
connection's last."""

KEEP_ALIVE_S = 30
"""How long a connection may wait for its next request."""

CLOSING_S = 2.0
"""Time for answers that are being written when the server stops."""

PER_SECOND, BURST = 20.0, 20.0
"""Requests of one connection that are answered at once; more have to wait. Each costs the event
loop a third of a millisecond, and any number may be sent ahead: without a bound, four connections
made others' finals wait four times as long (`python -m loadtest attack hostile`). A browser asks
for the page's files on six connections. Transcriptions do not count: they are let in one by one."""

Upgrade = Callable[[asyncio.Transport, bytes], None]
"""Takes a connection over whose client asks for a WebSocket, and what it has sent: its request,
and whatever came behind it."""

logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
"""Whoever sends what is no HTTP is told; a line in the log for each would fill the disk."""


class HttpConnections:
    """Connections with an ASGI application behind them."""

    def __init__(self, app: Starlette, send_timeout_s: float) -> None:
        self._config = Config(
            _paced(app),
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
        self._send_timeout_s = send_timeout_s

    def connection(self, upgrade: Upgrade | None = None) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        return _Connection(self._config, self._state, self._send_timeout_s, upgrade)

    async def close(self) -> None:
        """Cut the connections once running answers are out, or soon."""
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=CLOSING_S)
        for task in self._state.tasks:
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()


def _paced(app: Starlette) -> ASGIApp:
    """Make a connection wait that asks too often."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) != ("POST", TRANSCRIPTIONS_PATH):
            pace: TokenBucket = scope["state"]["pace"]
            if (wait_s := pace.take(1, time.monotonic())) > 0:
                await asyncio.sleep(wait_s)
        await app(scope, receive, send)

    return answer


class HttpListener:
    """An address where nothing but HTTP is spoken."""

    def __init__(self, connections: HttpConnections) -> None:
        self._connections = connections
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start to listen, and return where; raises OSError when the address is not to be had."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connections.connection, host, port, ssl=tls
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Stop to listen, and cut the connections once running answers are out, or soon."""
        assert self._server is not None
        self._server.close()
        await self._connections.close()
        await self._server.wait_closed()


class _Connection(H11Protocol):
    """A connection that must get on: uvicorn itself waits for ever.

    A client has `HEAD_S` to ask, and must take something of an answer that waits for it in
    `send_timeout_s`.
    """

    _deadline: AwakeTimer | None = None
    _stalled: AwakeTimer | None = None
    _upgraded = False

    def __init__(
        self,
        config: Config,
        state: ServerState,
        send_timeout_s: float,
        upgrade: Upgrade | None,
    ) -> None:
        super().__init__(config, state, {"pace": TokenBucket(PER_SECOND, BURST, time.monotonic())})
        self._send_timeout_s = send_timeout_s
        self._upgrade = upgrade

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()
        self._go_on()

    def pause_writing(self) -> None:
        """Count the time in which nothing of an answer is taken."""
        super().pause_writing()
        self._stalled = AwakeTimer(self._send_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._go_on()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Close, whatever the client has not read."""
        super().timeout_keep_alive_handler()
        self._forget()
        self._deadline = AwakeTimer(BODY_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, unless an answer has begun already."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, request and all."""
        assert self._upgrade is not None
        self.connections.discard(self)
        self._upgraded = True
        self._forget()
        self._go_on()
        lines = [b"%s %s HTTP/%s" % (event.method, event.target, event.http_version)]
        lines += [b"%s: %s" % header for header in event.headers.raw_items()]
        behind, _ = self.conn.trailing_data
        self._upgrade(self.transport, b"\r\n".join([*lines, b"", behind]))

    def _should_upgrade(self) -> bool:
        """Whether a WebSocket is asked for; other upgrades are offers that one may pass over."""
        if self._upgrade is None or self.scope["method"] != "GET":
            return False
        values = [value for name, value in self.headers if name == b"upgrade"]
        return any(b"websocket" in value.lower() for value in values)

    def _watch(self) -> None:
        """Count the time of whoever is asking; one whom we owe an answer has all the time."""
        if self._upgraded:
            return
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        owed = cycle is not None and not cycle.response_complete
        resting = self.timeout_keep_alive_task is not None
        if owed or resting:
            self._forget()
        elif self._deadline is None:
            limit = HEAD_S if self.conn.their_state is h11.IDLE else BODY_S
            self._deadline = AwakeTimer(limit, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _go_on(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
