"""Requests before the upgrade: pages, probes, metrics, and who may open a stream."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from streamer.scheduler.scheduler import Scheduler
from streamer.server.access import KEY_PARAMETER, has_key, is_allowed_origin
from streamer.server.assets import load_assets
from streamer.server.metrics import Metrics
from streamer.session.settings import InvalidSettingError, parse_settings
from streamer.settings import Settings
from streamer.wire.native.adapter import invalid_setting
from streamer.wire.native.messages import Error

STREAM_PATH = "/v1/stream"

RETRY_AFTER_S = 5
"""What a refused client is told to wait; long enough for a queue to recover."""

ENGINE_STUCK_S = 30.0
"""A batch takes seconds at most; an engine that is at one for so long is not coming back."""

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


def stream_query(path: str) -> dict[str, str]:
    """Return the settings in a request's query string, without the API key.

    Raises InvalidSettingError for a setting that stands there twice.
    """
    settings: dict[str, str] = {}
    for name, value in parse_qsl(urlsplit(path).query, keep_blank_values=True):
        if name in settings:
            raise InvalidSettingError(name, "stands in the query twice", "one value")
        settings[name] = value
    settings.pop(KEY_PARAMETER, None)
    return settings


class Gate:
    """Answers plain HTTP requests, and refuses streams that may not be opened."""

    def __init__(
        self,
        settings: Settings,
        scheduler: Scheduler,
        metrics: Metrics,
        sessions: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._scheduler = scheduler
        self._metrics = metrics
        self._sessions = sessions
        self._assets = load_assets()
        self.draining = False

    def process_request(self, _: ServerConnection, request: Request) -> Response | None:
        """Answer a request, or return None to let the upgrade go on."""
        path = urlsplit(request.path).path
        upgrade = "websocket" in request.headers.get("Upgrade", "").lower()
        if path == STREAM_PATH and upgrade:
            return self._admit(request)
        if upgrade:
            return _text(HTTPStatus.NOT_FOUND, f"no such stream; try {STREAM_PATH}\n")
        match path:
            case "/healthz":
                return _text(HTTPStatus.OK, "ok\n")
            case "/readyz":
                return self._ready()
            case "/metrics":
                body = self._metrics.render()
                return _response(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", body)
            case "/v1/stream":
                message = "this is a WebSocket address\n"
                return _text(HTTPStatus.UPGRADE_REQUIRED, message, {"Upgrade": "websocket"})
            case _:
                return self._asset(path, request.headers.get("Accept-Encoding", ""))

    def _admit(self, request: Request) -> Response | None:
        query = dict(parse_qsl(urlsplit(request.path).query))
        if not has_key(request.headers, query, self._settings.api_keys):
            error = Error(code="unauthorized", message="an API key is needed", fatal=True)
            return self._refuse(HTTPStatus.UNAUTHORIZED, error, {"WWW-Authenticate": "Bearer"})
        if not is_allowed_origin(request.headers, self._settings.allowed_origins):
            error = Error(code="forbidden_origin", message="this origin is not let in", fatal=True)
            return self._refuse(HTTPStatus.FORBIDDEN, error)
        try:
            parse_settings(stream_query(request.path), self._scheduler.info.languages)
        except InvalidSettingError as problem:
            return self._refuse(HTTPStatus.BAD_REQUEST, invalid_setting(problem, fatal=True))
        if (refusal := self._refusal()) is not None:
            code, message = refusal
            error = Error(code=code, message=message, fatal=True)
            retry = {"Retry-After": str(RETRY_AFTER_S)}
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, error, retry)
        return None

    def _refusal(self) -> tuple[str, str] | None:
        """Why no new stream can be taken now, if so: a code and a sentence."""
        if self.draining:
            return "draining", "the server is going away"
        if self._sessions() >= self._settings.max_sessions:
            return "overloaded", "every session is taken"
        if self._scheduler.lateness_s > self._settings.max_lateness_s:
            return "overloaded", "finals are late already"
        return None

    def _ready(self) -> Response:
        if self.draining:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "draining\n")
        if self._scheduler.busy_s > ENGINE_STUCK_S:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "engine stuck\n")
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

    def _refuse(
        self, status: HTTPStatus, error: Error, headers: dict[str, str] | None = None
    ) -> Response:
        self._metrics.refused.labels(error.code).inc()
        body = error.model_dump_json(exclude_none=True, exclude={"seq"}).encode()
        return _response(status, "application/json", body, headers)


def _text(status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> Response:
    return _response(status, "text/plain; charset=utf-8", text.encode(), headers)


def _response(
    status: HTTPStatus, content_type: str, body: bytes, headers: dict[str, str] | None = None
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
