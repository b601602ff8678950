"""Where the reference is served; it is written once, at start, and tells nothing of this server."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streamer.server.http.pages import SECURITY_HEADERS
from streamer.server.reference.asyncapi import asyncapi
from streamer.server.reference.openapi import openapi
from streamer.server.reference.page import page


def reference_routes() -> list[Route]:
    """Return the routes of the documents and their page."""
    messages, paths = asyncapi(), openapi()
    return [
        _route("/asyncapi.json", "application/json", json.dumps(messages)),
        _route("/openapi.json", "application/json", json.dumps(paths)),
        _route("/docs", "text/html", page(messages, paths)),
    ]


def _route(path: str, media_type: str, body: str) -> Route:
    async def answer(_: Request) -> Response:
        return Response(body, media_type=media_type, headers=SECURITY_HEADERS)

    return Route(path, answer)
