"""What an orchestrator asks: whether the server is alive and ready, and how it fares."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from websockets.http11 import Response

from streamer.server.http.responses import response, text

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Probes:
    """`is_dead` tells whether only a new process helps, `trouble` why streams should go elsewhere.

    `render` writes the metrics in Prometheus' text format.
    """

    def __init__(
        self,
        is_dead: Callable[[], bool],
        trouble: Callable[[], str | None],
        render: Callable[[], bytes],
    ) -> None:
        self._is_dead = is_dead
        self._trouble = trouble
        self._render = render

    def answer(self, path: str) -> Response | None:
        """Answer a probe; None if the path is none."""
        match path:
            case "/healthz" if self._is_dead():
                return text(HTTPStatus.SERVICE_UNAVAILABLE, "engine dead\n")
            case "/healthz":
                return text(HTTPStatus.OK, "ok\n")
            case "/readyz" if (trouble := self._trouble()) is not None:
                return text(HTTPStatus.SERVICE_UNAVAILABLE, f"{trouble}\n")
            case "/readyz":
                return text(HTTPStatus.OK, "ready\n")
            case "/metrics":
                return response(HTTPStatus.OK, METRICS_TYPE, self._render())
            case _:
                return None
