"""Every request at the WebSocket address finds who answers it: an upgrade, a probe, a page."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from streamer.server.doors import door_at
from streamer.server.http.headers import JoinedHeaders
from streamer.server.http.pages import Pages
from streamer.server.http.probes import Probes
from streamer.server.http.responses import text
from streamer.server.listeners.upgrades import Upgrades


class RequestRouter:
    """Answers requests, or lets their upgrade go on."""

    def __init__(self, upgrades: Upgrades, probes: Probes) -> None:
        self._upgrades = upgrades
        self._probes = probes
        self._pages = Pages()

    async def answer(self, ws: ServerConnection, request: Request) -> Response | None:
        """Answer a request, or return None to let the upgrade go on."""
        try:
            path = urlsplit(request.path).path
        except ValueError:  # http://[
            return text(HTTPStatus.BAD_REQUEST, "this is no address\n")
        door = door_at(path)
        headers = JoinedHeaders(request.headers)
        if "websocket" in headers.get("Upgrade", "").lower():
            return await self._upgrades.answer(ws, door, request)
        if door is not None:
            message = "this is a WebSocket address\n"
            return text(HTTPStatus.UPGRADE_REQUIRED, message, {"Upgrade": "websocket"})
        accepted = headers.get("Accept-Encoding", "")
        return self._probes.answer(path) or self._pages.answer(path, accepted)
