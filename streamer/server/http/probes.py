"""What an orchestrator asks: whether the server is alive and ready, and how it fares."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

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

    @property
    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/healthz", self.alive),
            Route("/readyz", self.ready),
            Route("/metrics", self.metrics),
        ]

    async def alive(self, _: Request) -> Response:
        """Answer whether it should go on."""
        return _verdict("engine dead" if self._is_dead() else None, "ok")

    async def ready(self, _: Request) -> Response:
        """Answer whether streams are welcome."""
        return _verdict(self._trouble(), "ready")

    async def metrics(self, _: Request) -> Response:
        """Answer with all numbers."""
        return Response(self._render(), headers={"Content-Type": METRICS_TYPE})


def _verdict(problem: str | None, well: str) -> Response:
    if problem is None:
        return PlainTextResponse(f"{well}\n")
    return PlainTextResponse(f"{problem}\n", HTTPStatus.SERVICE_UNAVAILABLE)
