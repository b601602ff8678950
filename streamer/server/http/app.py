"""The routes of the server's HTTP, and its answers to everything else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest import answers
from streamer.server.admission.admission import Admission
from streamer.server.clients import Clients
from streamer.server.connection.service import Service
from streamer.server.http.exchange import WARNING_HEADER, refusal_response
from streamer.server.http.identity import client_address, identify
from streamer.server.http.transcriptions import TRANSCRIPTIONS_PATH, Transcriptions


def make_app(routes: Sequence[Route], allowed_origins: Sequence[str]) -> Starlette:
    """Make an ASGI application, whose answers pages of the allowed origins may read."""
    app = Starlette(
        routes=routes,
        middleware=_cross_origin(allowed_origins),
        exception_handlers={RefusalError: _refused, HTTPException: _not_served},
    )
    app.router.redirect_slashes = False  # a redirect would not know of a proxy's scheme and host
    return app


def rest_routes(service: Service, admission: Admission, clients: Clients) -> list[Route]:
    """Return the routes of OpenAI's REST API."""
    info = service.dispatcher.info
    model = answers.model(info, round(time.time()))

    async def authenticate(request: Request) -> None:
        try:
            identify(admission.authenticator, request)
        except RefusalError as refusal:
            await admission.refusals.settle(refusal, client_address(request))
            raise

    async def models(request: Request) -> JSONResponse:
        await authenticate(request)
        return JSONResponse({"object": "list", "data": [model]})

    async def one_model(request: Request) -> JSONResponse:
        await authenticate(request)
        name: str = request.path_params["name"]
        if name != info.name:
            message = f"there is no model {name!r}; there is {info.name!r}"
            raise RefusalError(404, "model_not_found", message, setting="model")
        return JSONResponse(model)

    transcriptions = Transcriptions(service, admission, clients)
    return [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", one_model),
        Route(TRANSCRIPTIONS_PATH, transcriptions, methods=["POST"]),
    ]


def _cross_origin(allowed: Sequence[str]) -> list[Middleware]:
    """Tell browsers which pages may read the answers."""
    if not allowed:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=allowed,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[WARNING_HEADER],
        )
    ]


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, RefusalError)
    return refusal_response(refusal)


async def _not_served(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    code = (
        "method_not_allowed"
        if problem.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        else "unknown_url"
    )
    message = f"{problem.detail}: {request.method} {request.url.path}"
    headers = problem.headers or {}
    return refusal_response(RefusalError(problem.status_code, code, message, headers=headers))
