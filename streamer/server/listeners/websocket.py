"""The main address: WebSockets, and HTTP for whatever is none.

Each connection begins as HTTP, which takes any number of requests, and is handed over to the
WebSocket library at the one that asks for an upgrade: a proxy may ask for it on a connection that
has carried other requests.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import Sequence
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidMessage, InvalidUpgrade
from websockets.typing import Subprotocol

from streamer.protocols.endings import GOING_AWAY, GOING_AWAY_CODE
from streamer.server.clients import Clients
from streamer.server.connection.connection import Connection
from streamer.server.connection.rate_limit import Admitted, RateLimitedConnection
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.listeners.http import HttpConnections
from streamer.server.listeners.upgrades import Upgrades


class WebSocketListener:
    """Carries those that `upgrades` lets in; they count as `clients`, or else as `subscribers`.

    What asks for no WebSocket is answered by `http`.
    """

    def __init__(
        self,
        service: Service,
        http: HttpConnections,
        upgrades: Upgrades,
        resumable: ResumableSessions,
        clients: Clients,
        subscribers: Clients,
    ) -> None:
        self._service = service
        self._http = http
        self._upgrades = upgrades
        self._resumable = resumable
        self._clients = clients
        self._subscribers = subscribers
        self._server: Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start to listen, and return where; raises OSError when the address is not to be had."""
        self._server = await serve(
            self._handle,
            host,
            port,
            process_request=self._upgrades.answer,
            select_subprotocol=_select_subprotocol,
            create_connection=cast("type[_Connection]", functools.partial(_Connection, self._http)),
            compression=None,  # saves nothing on audio, costs memory and time
            server_header=None,
            ssl=tls,
            max_size=self._service.settings.max_frame_bytes,
            max_queue=8,  # frames: bounds what a client can make us hold
            write_limit=16384,
            open_timeout=5,
            close_timeout=5,
            ping_interval=20,
            # Pongs wait behind audio that we do not read yet: silence is judged by the session.
            ping_timeout=None,
            logger=_quiet_logger(),
            family=socket.AF_UNSPEC,
        )
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Stop to listen, and close what is still open."""
        assert self._server is not None
        self._server.close(code=GOING_AWAY_CODE, reason=GOING_AWAY)
        await self._http.close()
        await self._server.wait_closed()

    async def _handle(self, ws: ServerConnection) -> None:
        admitted = _admitted(ws)
        assert admitted is not None
        connection = Connection(
            ws, admitted.session, admitted.dialect, self._service, admitted.peer, self._resumable
        )
        clients = self._clients if admitted.door.brings_audio else self._subscribers
        with clients.counted(connection):
            await connection.run()


class _Connection(RateLimitedConnection):
    """Speaks HTTP until the client asks for a WebSocket."""

    def __init__(self, http: HttpConnections, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self._http = http

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self._http.connection(self._upgrade)
        cast("asyncio.Transport", transport).set_protocol(first)
        first.connection_made(transport)

    def _upgrade(self, transport: asyncio.Transport, received: bytes) -> None:
        transport.set_protocol(self)
        super().connection_made(transport)
        self.data_received(received)


def _select_subprotocol(ws: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Answer a subprotocol of the dialect's own, if the client offers one."""
    admitted = _admitted(ws)
    if admitted is None:
        return None
    return next((one for one in offered if one in admitted.door.subprotocols), None)


def _admitted(ws: ServerConnection) -> Admitted | None:
    assert isinstance(ws, RateLimitedConnection)
    return ws.admitted


class _PeerNoise(logging.Filter):
    """Drops the library's tracebacks for what peers do: they vanish, and they talk nonsense."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        peers_doing = (ConnectionError, EOFError, InvalidMessage, InvalidUpgrade, TimeoutError)
        return not isinstance(error, peers_doing)


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger("streamer.websockets")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(one, _PeerNoise) for one in logger.filters):
        logger.addFilter(_PeerNoise())
    return logger
