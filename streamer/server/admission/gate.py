"""Requests before the upgrade: pages, probes, metrics, and who may open a stream."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streamer.dispatch.dispatcher import Dispatcher
from streamer.protocols.door import Door, Handshake, RefusalError
from streamer.runtime.logs import AtMost
from streamer.server.admission.access import Access, UnknownKeyError, is_allowed_origin
from streamer.server.admission.forecast import Forecast
from streamer.server.admission.quotas import Peer, QuotaError, Quotas
from streamer.server.admission.refusals import Refusals
from streamer.server.connection.rate_limit import Admitted, RateLimitedConnection
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.doors import DOORS, door_at, new_host, signing_of
from streamer.server.http.assets import load_assets
from streamer.server.http.headers import JoinedHeaders
from streamer.server.metrics import Metrics
from streamer.settings import Settings

REFUSALS_A_SECOND = 10
"""Logged; all are counted. Nobody shall fill a disk by knocking."""

log = logging.getLogger(__name__)
log.addFilter(AtMost(REFUSALS_A_SECOND))

RETRY_AFTER_S = 5
"""What a refused client is told to wait; long enough for a queue to recover."""

FULL = 0.6
"""Share of the engine's time that finals may be expected to need. The rest is for their coming in
bursts, for partials, and for a machine that is slower a minute later: with 0.7 finals came too late
in two of five runs of `loadtest.overload`."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "media-src 'self' blob:; img-src 'self' data:; worker-src 'self'; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
    "Cache-Control": "no-cache",
}


class Gate:
    """Answers plain HTTP requests, and refuses streams that may not be opened."""

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        metrics: Metrics,
        sessions: Callable[[], int],
        resumable: ResumableSessions,
        listeners: Callable[[], int],
        access: Access,
        quotas: Quotas,
    ) -> None:
        self._access = access
        self._quotas = quotas
        self._listeners = listeners
        self._resumable = resumable
        self._settings = settings
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._sessions = sessions
        self._assets = load_assets()
        self._forecast = Forecast()
        self._refusals = Refusals()
        self.draining = False

    @property
    def trouble(self) -> str | None:
        """Why new streams should go elsewhere; None while they are welcome."""
        return "draining" if self.draining else self._dispatcher.trouble

    async def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        """Answer a request, or return None to let the upgrade go on."""
        try:
            path = urlsplit(request.path).path
        except ValueError:  # http://[
            return _text(HTTPStatus.BAD_REQUEST, "this is no address\n")
        door = door_at(path)
        headers = JoinedHeaders(request.headers)
        if "websocket" in headers.get("Upgrade", "").lower():
            if door is None:
                places = ", ".join(sorted(door.path for door in DOORS))
                return _text(HTTPStatus.NOT_FOUND, f"no such stream; there are {places}\n")
            return await self._admit(ws, door, request)
        if door is not None:
            message = "this is a WebSocket address\n"
            return _text(HTTPStatus.UPGRADE_REQUIRED, message, {"Upgrade": "websocket"})
        match path:
            case "/healthz":
                if self._dispatcher.is_dead:
                    return _text(HTTPStatus.SERVICE_UNAVAILABLE, "engine dead\n")
                return _text(HTTPStatus.OK, "ok\n")
            case "/readyz":
                return self._ready()
            case "/metrics":
                body = self._metrics.render()
                return _response(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", body)
            case _:
                return self._asset(path, headers.get("Accept-Encoding", ""))

    async def _admit(self, ws: ServerConnection, door: Door, request: Request) -> Response | None:
        """Let a client in and remember its dialect, or refuse it in that dialect's words."""
        handshake = _handshake(request)
        host = new_host(self._dispatcher.info, self._settings)
        try:
            address = ws.remote_address[0] if ws.remote_address else ""
            peer = Peer.of(None, address)
            if not door.signed(handshake, signing_of(door, self._settings)):
                peer = self.identify(door.keys(handshake), handshake.headers, address)
            dialect = door.open(handshake, host)
            if not door.brings_audio:
                self._find_ear()
                visit = self._visit(peer, beyond=False)
            elif self._resumable.knows(door.resumes(handshake) or "", peer):
                # It may be quicker than the news that its old connection is gone.
                visit = self._visit(peer, beyond=True)
            else:
                visit = self.let_in(peer)
        except RefusalError as refusal:
            self._metrics.refused.labels(refusal.code).inc()
            log.info("refused %s: %s", ws.remote_address, refusal.code)
            if (wait := self._refusals.delay(time.monotonic())) > 0:
                await asyncio.sleep(wait)
            body = door.refused(refusal)
            return _response(HTTPStatus(refusal.status), "application/json", body, refusal.headers)
        assert isinstance(ws, RateLimitedConnection)
        ws.admitted = Admitted(door, dialect, host.session, peer, visit.close)
        return None

    def identify(self, keys: Sequence[str], headers: Mapping[str, str], address: str) -> Peer:
        """Return who a client is that brings these keys and comes from this network address.

        Raises RefusalError for one that brings no key of ours, or comes from a foreign page.
        """
        try:
            holder = self._access.holder(keys)
        except UnknownKeyError as error:
            how = {"WWW-Authenticate": "Bearer"}
            message = "an API key is needed"
            raise RefusalError(401, "unauthorized", message, headers=how) from error
        if not is_allowed_origin(headers, self._settings.allowed_origins):
            raise RefusalError(403, "forbidden_origin", "this origin is not let in")
        return Peer.of(holder, address)

    def let_in(self, peer: Peer) -> ExitStack:
        """Count a new session of a peer until what is returned is closed; raises RefusalError."""
        self._find_room()
        return self._visit(peer, beyond=False)

    def _visit(self, peer: Peer, *, beyond: bool) -> ExitStack:
        visit = ExitStack()
        try:
            visit.enter_context(self._quotas.session(peer, beyond=beyond))
        except QuotaError as error:
            retry = {"Retry-After": str(RETRY_AFTER_S)}
            raise RefusalError(429, "too_many_sessions", str(error), headers=retry) from error
        return visit

    def _find_room(self) -> None:
        """Raise RefusalError while no new stream can be taken."""
        if self.draining:
            code, message = "draining", "the server is going away"
        elif self._sessions() >= self._settings.max_sessions:
            code, message = "overloaded", "every session is taken"
        elif self._dispatcher.lateness_s > self._settings.max_lateness_s:
            code, message = "overloaded", "finals are late already"
        elif self._expected_load() > FULL:
            code, message = "overloaded", "finals would be late"
        else:
            return
        raise RefusalError(503, code, message, headers={"Retry-After": str(RETRY_AFTER_S)})

    def _expected_load(self) -> float:
        sessions = self._sessions()
        load = self._dispatcher.load(sessions)
        return self._forecast.with_one_more(time.monotonic(), load, sessions)

    def _find_ear(self) -> None:
        """Raise RefusalError when as many listen as there may be sessions."""
        if self._listeners() >= self._settings.max_sessions:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise RefusalError(503, "overloaded", "too many listen already", headers=headers)

    def _ready(self) -> Response:
        if (trouble := self.trouble) is not None:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"{trouble}\n")
        return _text(HTTPStatus.OK, "ready\n")

    def _asset(self, path: str, accepted: str) -> Response:
        asset = self._assets.get(path)
        if asset is None:
            return _text(HTTPStatus.NOT_FOUND, "not found\n")
        headers = SECURITY_HEADERS | {"Vary": "Accept-Encoding"}
        if asset.zipped is None or "gzip" not in accepted:
            return _response(HTTPStatus.OK, asset.content_type, asset.body, headers)
        headers["Content-Encoding"] = "gzip"
        return _response(HTTPStatus.OK, asset.content_type, asset.zipped, headers)


def select_subprotocol(ws: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Answer a subprotocol of the dialect's own, if the client offers one."""
    assert isinstance(ws, RateLimitedConnection)
    if ws.admitted is None:
        return None
    known = ws.admitted.door.subprotocols
    return next((one for one in offered if one in known), None)


def _handshake(request: Request) -> Handshake:
    parts = urlsplit(request.path)
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return Handshake(
        parts.path,
        parse_qsl(parts.query, keep_blank_values=True),
        JoinedHeaders(request.headers),
        [one.strip() for one in offered.split(",") if one.strip()],
        request.path,
    )


def _text(status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> Response:
    return _response(status, "text/plain; charset=utf-8", text.encode(), headers)


def _response(
    status: HTTPStatus, content_type: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Response:
    fields = Headers(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(headers or {}),
        }
    )
    return Response(status.value, status.phrase, fields, body)
