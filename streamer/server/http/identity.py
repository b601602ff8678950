"""Who asks with plain HTTP, and from where."""

from __future__ import annotations

from starlette.requests import Request

from streamer.protocols.door import Handshake, keys_brought
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.quotas import Peer


def identify(authenticator: Authenticator, request: Request) -> Peer:
    """Raise RefusalError for a client that brings no key, or comes from a foreign page."""
    keys = keys_brought(handshake_of(request), "bearer")
    return authenticator.identify(keys, request.headers, client_address(request)[0])


def handshake_of(request: Request) -> Handshake:
    """Read what doors look at in a request."""
    query = request.query_params.multi_items()
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Handshake(request.url.path, query, request.headers, [], target)


def client_address(request: Request) -> tuple[str, int]:
    """Return the client's network address and port, empty if they are not known."""
    client = request.client
    return (client.host, client.port) if client is not None else ("", 0)
