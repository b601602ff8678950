"""The server's life: start, serve, drain, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

from starlette.routing import Route

from streamer.decoding.step_engine import EngineWork
from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.base import Engine, MeasuredEngine, PostingEngine
from streamer.engines.pool import members_of
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.memory_budget import MemoryBudget
from streamer.pipeline.turn_judge import TurnJudge
from streamer.recording.recorder import Recorder
from streamer.runtime.memory_left import memory_left
from streamer.server.admission.admission import Admission
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.controller import AdmissionController
from streamer.server.admission.keys import KeyFileError
from streamer.server.admission.load import LoadLimit
from streamer.server.admission.origins import Origins
from streamer.server.admission.quotas import Limits, Quotas
from streamer.server.admission.refusals import Refusals
from streamer.server.calls import Calls
from streamer.server.clients import Clients
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.http.app import make_app, rest_routes
from streamer.server.http.doors import door_routes
from streamer.server.http.pages import page_routes
from streamer.server.http.probes import Probes
from streamer.server.listeners.addresses import Addresses, ListenError
from streamer.server.listeners.http import HttpConnections, HttpListener
from streamer.server.listeners.tcp import AUDIOSOCKET, WYOMING, TcpListener
from streamer.server.listeners.tls import CertificateError, certificate_of
from streamer.server.listeners.upgrades import Upgrades
from streamer.server.listeners.websocket import WebSocketListener
from streamer.server.metrics import Metrics
from streamer.server.reference.routes import reference_routes
from streamer.server.usage import UsageLog
from streamer.settings import Settings
from streamer.turns.models.base import TurnModel

if TYPE_CHECKING:
    from streamer.server.webhook import Webhook

log = logging.getLogger(__name__)

FAREWELL_S = 10.0
"""Time for the last finals and closing handshakes after the drain limit."""


class TranscriptionServer:
    """An engine behind an address for all that is HTTP, and others. An async context manager."""

    address: tuple[str, int]
    """Where WebSockets, REST and pages are, once the server has started."""
    rest_address: tuple[str, int] | None = None
    """Where the REST API is by itself, too, if it is."""
    wyoming_address: tuple[str, int] | None = None
    """Where Wyoming is, if it is to be had."""
    audiosocket_address: tuple[str, int] | None = None
    """Where AudioSocket is, if it is to be had."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        turn_model: TurnModel | None = None,
        detection: VoiceDetection | None = None,
    ) -> None:
        """Without a `turn_model` silence alone ends turns; without `detection` WebRTC hears speech.

        Engine and models are started and closed here.
        """
        self._detection = detection
        self._settings = settings
        self._metrics = metrics = Metrics()
        self._dispatcher = Dispatcher(engine, metrics)
        self._recorder = self._make_recorder()
        self._usage_log = UsageLog(settings.usage_log) if settings.usage_log else None
        self._webhook = self._make_webhook()
        self._calls = Calls(self._webhook.post if self._webhook else None)
        self._certificate = certificate_of(settings.tls_cert, settings.tls_key)
        quotas = Quotas(
            Limits(settings.max_sessions_per_key, settings.max_audio_per_key),
            Limits(settings.max_sessions_per_address, settings.max_audio_per_address),
            time.monotonic,
        )
        self._judge = self._make_judge(turn_model)
        self._memory = MemoryBudget(settings.memory_mb << 20 or max(0, memory_left()) // 2)
        self._service = Service(
            settings,
            self._dispatcher,
            metrics,
            quotas,
            self._recorder,
            self._calls,
            memory=self._memory,
            judge=self._judge,
            detection=detection,
            usage_log=self._usage_log,
        )
        self._clients = Clients(metrics.sessions)
        self._subscribers = Clients(metrics.listeners)
        self._resumable = ResumableSessions(settings, metrics)
        self._admission = self._make_admission(quotas)
        self._addresses = Addresses(settings.host)
        self._watch(engine)
        self._lag: asyncio.Task[None] | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether all but Wyoming is served over TLS."""
        return self._certificate is not None

    async def __aenter__(self) -> Self:
        """Start to listen; raises ListenError when an address is not to be had."""
        try:
            await self._listen()
        except ListenError:
            await self._addresses.close()
            raise
        self._dispatcher.start()
        if self._judge is not None:
            self._judge.start()
        if self._detection is not None:
            self._detection.start()
        if self._recorder is not None:
            self._recorder.start()
        self._lag = asyncio.create_task(self._metrics.sample_loop_lag(), name="loop lag")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at once: finals that are owed are lost; `drain` first to keep them."""
        assert self._lag is not None
        self._lag.cancel()
        self._admission.controller.draining = True
        self._resumable.close()
        self._clients.abort()
        self._subscribers.abort()
        await self._addresses.close()
        await self._clients.until_gone(FAREWELL_S)
        await self._subscribers.until_gone(FAREWELL_S)
        self._calls.close()
        if self._webhook is not None:
            await self._webhook.close()
        await self._dispatcher.close()
        if self._judge is not None:
            await self._judge.close()
        if self._detection is not None:
            await self._detection.close()
        if self._recorder is not None:
            await self._recorder.close()
        if self._usage_log is not None:
            await asyncio.to_thread(self._usage_log.close)

    async def drain(self) -> None:
        """Refuse new sessions, and wait for running ones; at the limit, end them with finals."""
        self._admission.controller.draining = True
        log.info(
            "draining: %d sessions are running, %d wait for their clients",
            len(self._clients),
            self._resumable.suspended,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_timeout_s):
                while len(self._clients) or self._resumable.suspended:
                    await self._clients.until_gone(self._settings.drain_timeout_s)
                    await self._resumable.until_none_waits()
        self._clients.go_away()
        await self._clients.until_gone(FAREWELL_S)
        await self._calls.until_quiet(FAREWELL_S)
        if self._webhook is not None:
            await self._webhook.until_idle(FAREWELL_S)
        self._subscribers.go_away()
        await self._subscribers.until_gone(FAREWELL_S)
        log.info("drained: %d sessions are cut off", len(self._clients))

    def reload(self) -> None:
        """Read keys and certificate again; either that cannot be read leaves the old in force."""
        _read_again("keys", self._admission.authenticator.reload)
        if self._certificate is not None:
            _read_again("certificate", self._certificate.reload)

    async def _listen(self) -> None:
        settings, service, admission = self._settings, self._service, self._admission
        open_port = self._addresses.open
        rest = rest_routes(service, admission, self._clients)
        upgrades = Upgrades(service, admission, self._resumable)
        doors = door_routes(upgrades.identify, admission.refusals)
        pages = [*self._make_probes().routes, *page_routes(), *reference_routes()]
        main = WebSocketListener(
            service,
            self._make_http([*rest, *doors, *pages]),
            upgrades,
            self._resumable,
            self._clients,
            self._subscribers,
        )
        self.address = await open_port(main, settings.port, self._tls)
        if settings.rest_port is not None:
            apart = HttpListener(self._make_http(rest))
            self.rest_address = await open_port(apart, settings.rest_port, self._tls)
        if settings.wyoming_port is not None:
            wyoming = TcpListener(WYOMING, service, admission, self._clients)
            self.wyoming_address = await open_port(wyoming, settings.wyoming_port, self._tls)
        if settings.audiosocket_port is not None:
            calls = TcpListener(AUDIOSOCKET, service, admission, self._clients)
            self.audiosocket_address = await open_port(calls, settings.audiosocket_port, self._tls)

    @property
    def _tls(self) -> ssl.SSLContext | None:
        return self._certificate.context if self._certificate is not None else None

    def _make_admission(self, quotas: Quotas) -> Admission:
        settings, refused = self._settings, self._metrics.refused
        keys = [key.get_secret_value() for key in settings.api_keys]
        origins = Origins(settings.allowed_origins, settings.public_url)
        load = LoadLimit(self._dispatcher, settings.max_lateness_s, time.monotonic)
        return Admission(
            Authenticator(keys, settings.keys_file, origins),
            AdmissionController(
                settings.max_sessions,
                load,
                quotas,
                self._clients,
                self._subscribers,
                self._memory,
            ),
            Refusals(lambda code: refused.labels(code).inc(), time.monotonic),
        )

    def _make_http(self, routes: Sequence[Route]) -> HttpConnections:
        app = make_app(routes, self._settings.allowed_origins)
        return HttpConnections(app, self._settings.send_timeout_s)

    def _make_probes(self) -> Probes:
        return Probes(
            lambda: self._dispatcher.is_dead,
            lambda: self._admission.controller.trouble,
            self._metrics.render,
        )

    def _watch(self, engine: Engine) -> None:
        self._metrics.watch(self._dispatcher, lambda: self._admission.controller.trouble)
        self._metrics.max_sessions.set(self._settings.max_sessions)
        self._metrics.watch_memory(self._memory.limit, lambda: self._memory.held)
        members = members_of(engine)
        self._metrics.watch_members(lambda: [one.capacity() for one in members])
        if measured := [one for one in members if isinstance(one, MeasuredEngine)]:
            self._metrics.watch_engine(
                lambda: sum((one.work for one in measured), start=EngineWork())
            )
        for one in measured:
            one.on_step = self._metrics.step_seconds.observe
        for one in members:
            if isinstance(one, PostingEngine):
                one.on_post = self._metrics.upstream_answered

    def _make_judge(self, model: TurnModel | None) -> TurnJudge | None:
        if model is None:
            return None
        judge, count = TurnJudge(model), self._metrics.turn_asks
        judge.on_outcome = lambda outcome: count.labels(outcome).inc()
        return judge

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


def _read_again(what: str, reload: Callable[[], None]) -> None:
    try:
        reload()
    except (KeyFileError, CertificateError) as error:
        log.error("the %s could not be read again, the old stay in force: %s", what, error)
    else:
        log.info("the %s were read again" if what == "keys" else "the %s was read again", what)
