"""WebSocket handshakes: the door is found, its dialect opened, and the client let in or refused."""

from __future__ import annotations

import time
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from streamer.protocols.door import Door, Handshake, RefusalError
from streamer.server.admission.admission import Admission
from streamer.server.admission.quotas import Peer
from streamer.server.connection.rate_limit import Admitted, RateLimitedConnection
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.server.doors import DOORS, door_at, signing_of
from streamer.server.listeners.headers import JoinedHeaders
from streamer.server.listeners.responses import response, text


class Upgrades:
    """Answers requests for a WebSocket."""

    def __init__(
        self, service: Service, admission: Admission, resumable: ResumableSessions
    ) -> None:
        self._service = service
        self._admission = admission
        self._resumable = resumable

    async def answer(self, ws: ServerConnection, request: Request) -> Response | None:
        """Let a client in and remember its dialect, or refuse it in that dialect's words."""
        try:
            door = door_at(urlsplit(request.path).path)
        except ValueError:  # http://[
            return text(HTTPStatus.BAD_REQUEST, "this is no address\n")
        if door is None:
            places = ", ".join(sorted(door.path for door in DOORS))
            return text(HTTPStatus.NOT_FOUND, f"no such stream; there are {places}\n")
        address = ws.remote_address[0] if ws.remote_address else ""
        try:
            admitted = self.admit(door, handshake_of(request), address)
        except RefusalError as refusal:
            await self._admission.refusals.settle(refusal, ws.remote_address)
            body = door.refused(refusal)
            return response(HTTPStatus(refusal.status), "application/json", body, refusal.headers)
        assert isinstance(ws, RateLimitedConnection)
        ws.let_in(admitted)
        return None

    def admit(self, door: Door, handshake: Handshake, address: str) -> Admitted:
        """Let a client in that knocks from a network address; raises RefusalError."""
        host = self._service.new_host()
        peer = self.identify(door, handshake, address)
        dialect = door.open(handshake, host)
        controller = self._admission.controller
        if not door.brings_audio:
            place = controller.admit_subscriber(peer)
        elif self._resumable.knows(door.resumes(handshake) or "", peer):
            place = controller.admit_returning(peer)
        else:
            place = controller.admit(peer)
        return Admitted(door, dialect, host.session, peer, place.close)

    def identify(self, door: Door, handshake: Handshake, address: str) -> Peer:
        """Find out who a client is by its signature, where that stands for a key, or its keys.

        Raises RefusalError for one that is not let in.
        """
        service = self._service
        signing = signing_of(door, service.settings, time.time(), service.watch_links())
        if door.signed(handshake, signing):
            return Peer.of(None, address)
        keys = door.keys(handshake)
        return self._admission.authenticator.identify(keys, handshake.headers, address)


def handshake_of(request: Request) -> Handshake:
    """Read what doors look at in a request."""
    parts = urlsplit(request.path)
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return Handshake(
        parts.path,
        parse_qsl(parts.query, keep_blank_values=True),
        JoinedHeaders(request.headers),
        [one.strip() for one in offered.split(",") if one.strip()],
        request.path,
    )
