"""The server's life: start, serve, drain, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import TYPE_CHECKING, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidMessage, InvalidUpgrade

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.base import CountsWork, Engine
from streamer.recording.recorder import Recorder
from streamer.server.admission.access import Access
from streamer.server.admission.gate import Gate, select_subprotocol
from streamer.server.admission.keys import KeyFileError
from streamer.server.admission.quotas import Limits, Quotas
from streamer.server.calls import Calls
from streamer.server.clients import Clients
from streamer.server.connection.connection import Connection
from streamer.server.connection.rate_limit import RateLimitedConnection
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.listeners.addresses import ListenError, SideAddresses, naming
from streamer.server.listeners.tls import CertificateError, certificate_of
from streamer.server.metrics import Metrics
from streamer.settings import Settings

if TYPE_CHECKING:
    from streamer.server.webhook import Webhook

log = logging.getLogger(__name__)

FAREWELL_S = 10.0
"""Time for the last finals and closing handshakes after the drain limit."""


class TranscriptionServer:
    """An engine behind a WebSocket address, and others. Use as an async context manager."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._dispatcher = Dispatcher(engine, settings.max_batch, self._metrics)
        self._recorder = self._make_recorder()
        self._webhook = self._make_webhook()
        self._calls = Calls(self._webhook.post if self._webhook else None)
        self._access = Access(settings)
        self._certificate = certificate_of(settings.tls_cert, settings.tls_key)
        quotas = Quotas(
            Limits(settings.max_sessions_per_key, settings.max_audio_per_key),
            Limits(settings.max_sessions_per_address, settings.max_audio_per_address),
        )
        self._service = Service(
            settings, self._dispatcher, self._metrics, quotas, self._recorder, self._calls
        )
        self._clients = Clients(self._metrics.sessions)
        self._listeners = Clients(self._metrics.listeners)
        self._sessions = ResumableSessions(settings, self._metrics)
        self._gate = Gate(
            settings,
            self._dispatcher,
            self._metrics,
            self._clients.__len__,
            self._sessions,
            self._listeners.__len__,
            self._access,
            quotas,
        )
        self._metrics.watch(self._dispatcher, lambda: self._gate.trouble)
        self._metrics.max_sessions.set(settings.max_sessions)
        if isinstance(engine, CountsWork):
            self._metrics.watch_engine(lambda: engine.work)
        self._server: Server | None = None
        self._beside = SideAddresses(self._service, self._gate, self._clients)
        self._lag: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The address of the WebSockets."""
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return host, port

    @property
    def is_encrypted(self) -> bool:
        """Whether WebSockets and pages are served over TLS."""
        return self._certificate is not None

    @property
    def wyoming_address(self) -> tuple[str, int] | None:
        """The address of Wyoming, if it is to be had."""
        return self._beside.wyoming_address

    @property
    def rest_address(self) -> tuple[str, int] | None:
        """The address of the REST API, if it is to be had."""
        return self._beside.rest_address

    async def __aenter__(self) -> Self:
        """Start to listen; raises ListenError when an address is not to be had."""
        try:
            await self._listen()
        except ListenError:
            await self._stop_listening()
            raise
        self._dispatcher.start()
        if self._recorder is not None:
            self._recorder.start()
        self._lag = asyncio.create_task(self._metrics.sample_loop_lag(), name="loop lag")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once: finals that are owed are lost; `drain` first to keep them."""
        assert self._lag is not None
        self._lag.cancel()
        self._gate.draining = True
        self._sessions.close()
        self._clients.abort()
        self._listeners.abort()
        await self._stop_listening()
        await self._clients.until_gone(FAREWELL_S)
        await self._listeners.until_gone(FAREWELL_S)
        self._calls.close()
        if self._webhook is not None:
            await self._webhook.close()
        await self._dispatcher.close()
        if self._recorder is not None:
            await self._recorder.close()

    async def drain(self) -> None:
        """Refuse new sessions, and wait for running ones; at the limit, end them with finals."""
        self._gate.draining = True
        log.info(
            "draining: %d sessions are running, %d wait for their clients",
            len(self._clients),
            self._sessions.suspended,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_timeout_s):
                while len(self._clients) or self._sessions.suspended:
                    await self._clients.until_gone(self._settings.drain_timeout_s)
                    await self._sessions.until_none_waits()
        self._clients.go_away()
        await self._clients.until_gone(FAREWELL_S)
        await self._calls.until_quiet(FAREWELL_S)
        if self._webhook is not None:
            await self._webhook.until_idle(FAREWELL_S)
        self._listeners.go_away()
        await self._listeners.until_gone(FAREWELL_S)
        log.info("drained: %d sessions are cut off", len(self._clients))

    def reload(self) -> None:
        """Read the certificate and the keys again; what cannot be read leaves the old in force."""
        try:
            self._access.reload()
            if self._certificate is not None:
                self._certificate.reload()
        except (KeyFileError, CertificateError) as error:
            log.error("not reloaded: %s", error)
        else:
            log.info("keys and certificate were read again")

    async def _listen(self) -> None:
        settings = self._settings
        with naming(settings.host, settings.port):
            self._server = await self._serve_websockets()
        await self._beside.start(self._tls)

    async def _stop_listening(self) -> None:
        await self._beside.close()
        if self._server is not None:
            self._server.close(code=1012, reason="the server is going away")
            await self._server.wait_closed()

    async def _serve_websockets(self) -> Server:
        return await serve(
            self._handle,
            self._settings.host,
            self._settings.port,
            process_request=self._gate.process_request,
            select_subprotocol=select_subprotocol,
            create_connection=RateLimitedConnection,
            compression=None,  # saves nothing on audio, costs memory and time
            server_header=None,
            ssl=self._tls,
            max_size=self._settings.max_frame_bytes,
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

    @property
    def _tls(self) -> ssl.SSLContext | None:
        return self._certificate.context if self._certificate is not None else None

    def _make_recorder(self) -> Recorder | None:
        settings = self._settings
        if settings.record is None:
            return None
        count = self._metrics.recordings
        return Recorder(
            settings.record, settings.record_max_mb << 20, lambda one: count.labels(one).inc()
        )

    def _make_webhook(self) -> Webhook | None:
        if not self._settings.webhook_url:
            return None
        from streamer.server.webhook import Webhook  # to load httpx takes a tenth of our start

        count = self._metrics.webhook
        return Webhook(self._settings.webhook_url, lambda one: count.labels(one).inc())

    async def _handle(self, ws: ServerConnection) -> None:
        assert isinstance(ws, RateLimitedConnection)
        assert ws.admitted is not None
        admitted = ws.admitted
        connection = Connection(
            ws, admitted.session, admitted.dialect, self._service, admitted.peer, self._sessions
        )
        clients = self._clients if admitted.door.brings_audio else self._listeners
        with clients.counted(connection):
            await connection.run()


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
