"""What WebSocket addresses answer to requests that ask for no WebSocket.

A browser does not tell a page why its WebSocket was refused; a plain request to the same address
does: who would not be let in is told so first, in the door's own words. A GET of the page's own
server names no origin, so the page asks with POST.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streamer.protocols.door import Door, Handshake, RefusalError
from streamer.server.admission.quotas import Peer
from streamer.server.admission.refusals import Refusals
from streamer.server.doors import DOORS
from streamer.server.http.identity import client_address, handshake_of

Identify = Callable[[Door, Handshake, str], Peer]
"""Raises RefusalError for who is not let in."""


def door_routes(identify: Identify, refusals: Refusals) -> list[Route]:
    """Return a route for each WebSocket address."""
    return [_route(door, identify, refusals) for door in DOORS]


def _route(door: Door, identify: Identify, refusals: Refusals) -> Route:
    async def answer(request: Request) -> Response:
        client = client_address(request)
        try:
            identify(door, handshake_of(request), client[0])
        except RefusalError as refusal:
            await refusals.settle(refusal, client)
            return _refused(door, refusal)
        return _refused(door, _unfit(request.method))

    place = f"{door.path}{{rest:path}}" if door.path.endswith("/") else door.path
    return Route(place, answer, methods=["GET", "POST"])


def _unfit(method: str) -> RefusalError:
    if method == "POST":
        message = "a WebSocket is asked for with GET"
        return RefusalError(405, "method_not_allowed", message, headers={"Allow": "GET"})
    headers = {"Upgrade": "websocket"}
    return RefusalError(426, "upgrade_required", "this is a WebSocket address", headers=headers)


def _refused(door: Door, refusal: RefusalError) -> Response:
    return Response(door.refused(refusal), refusal.status, refusal.headers, "application/json")
