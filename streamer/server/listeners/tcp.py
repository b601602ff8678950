"""An address where a protocol is spoken that has TCP alone: no HTTP, no keys, no TLS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed

from streamer.protocols.audiosocket.dialect import AudioSocketDialect
from streamer.protocols.dialect import Dialect
from streamer.protocols.door import Host, RefusalError
from streamer.protocols.wyoming import messages
from streamer.protocols.wyoming.dialect import WyomingDialect
from streamer.protocols.wyoming.parser import write_event
from streamer.server.admission.admission import Admission
from streamer.server.admission.quotas import Peer
from streamer.server.clients import Clients
from streamer.server.connection.connection import Connection
from streamer.server.connection.service import Service
from streamer.server.connection.tcp import BUFFER_BYTES, TcpSocket

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TcpProtocol:
    """What is spoken: its dialect, and how a refusal is said in it."""

    name: str
    dialect: Callable[[Host], Dialect]
    refused: Callable[[RefusalError], str]


def _refused_by_wyoming(refusal: RefusalError) -> str:
    said = messages.error(refusal.message, refusal.code)
    return write_event(said.type, said.data)


def _hung_up(_: RefusalError) -> str:
    """Write AudioSocket's frame of three zeros: it has no words."""
    return "\0\0\0"


WYOMING = TcpProtocol("Wyoming", WyomingDialect, _refused_by_wyoming)
AUDIOSOCKET = TcpProtocol("AudioSocket", AudioSocketDialect, _hung_up)


class TcpListener:
    """Lets clients in as long as there is room. There are no keys: the network decides."""

    def __init__(
        self, protocol: TcpProtocol, service: Service, admission: Admission, clients: Clients
    ) -> None:
        self._protocol = protocol
        self._service = service
        self._admission = admission
        self._clients = clients
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start to listen, and return where; raises OSError when the address is not to be had.

        There is no TLS: what the others use is left aside.
        """
        self._server = await asyncio.start_server(self._handle, host, port, limit=BUFFER_BYTES)
        host, port = self._server.sockets[0].getsockname()[:2]
        if self._service.settings.api_keys or self._service.settings.keys_file is not None:
            name = self._protocol.name
            log.warning("%s has no API keys: whoever reaches port %d is let in", name, port)
        return host, port

    async def close(self) -> None:
        """Stop to listen; clients are ended by whoever counts them."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = TcpSocket(reader, writer)
        address = writer.get_extra_info("peername") or ("", 0)  # gone already
        peer = Peer.of(None, address[0])
        try:
            place = self._admission.controller.admit(peer)
        except RefusalError as refusal:
            await self._admission.refusals.settle(refusal, address)
            await self._refuse(socket, refusal)
            return
        host = self._service.new_host()
        dialect = self._protocol.dialect(host)
        connection = Connection(socket, host.session, dialect, self._service, peer)
        with place, self._clients.counted(connection):
            try:
                await connection.run()
            finally:
                socket.transport.close()

    async def _refuse(self, socket: TcpSocket, refusal: RefusalError) -> None:
        """Say why, and wait until the client has had time to read it."""
        with contextlib.suppress(ConnectionClosed):
            await socket.send(self._protocol.refused(refusal))
            await socket.close()
            await socket.recv()
