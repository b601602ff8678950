"""The addresses beside the WebSockets', each opened only where a port is set for it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Generator

from streamer.server.admission.gate import Gate
from streamer.server.clients import Clients
from streamer.server.connection.service import Service
from streamer.server.http.app import make_app
from streamer.server.listeners.http import HttpListener
from streamer.server.listeners.wyoming import WyomingListener


class ListenError(Exception):
    """An address that is not to be had; the message says which and why."""


class SideAddresses:
    """OpenAI's REST API and Wyoming."""

    def __init__(self, service: Service, gate: Gate, clients: Clients) -> None:
        self._settings = service.settings
        self._make_rest = lambda: HttpListener(make_app(service, gate, clients))
        self._make_wyoming = lambda: WyomingListener(service, gate, clients)
        self._open: list[HttpListener | WyomingListener] = []
        self.rest_address: tuple[str, int] | None = None
        self.wyoming_address: tuple[str, int] | None = None

    async def start(self, tls: ssl.SSLContext | None) -> None:
        """Listen; raises ListenError, and may then listen in part until `close`.

        Wyoming knows no TLS.
        """
        host = self._settings.host
        if (port := self._settings.rest_port) is not None:
            with naming(host, port):
                rest = self._make_rest()
                self.rest_address = await rest.start(host, port, tls)
                self._open.append(rest)
        if (port := self._settings.wyoming_port) is not None:
            with naming(host, port):
                wyoming = self._make_wyoming()
                self.wyoming_address = await wyoming.start(host, port)
                self._open.append(wyoming)

    async def close(self) -> None:
        """Stop to listen."""
        for listener in self._open:
            await listener.close()


@contextlib.contextmanager
def naming(host: str, port: int) -> Generator[None]:
    """Tell which of the addresses was not to be had."""
    try:
        yield
    except OSError as error:
        raise ListenError(f"cannot listen on {host}:{port}: {error}") from error
