"""A WebSocket by hand, for what a proper client cannot send. Nothing else writes frames."""

from __future__ import annotations

import base64
import os
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, PING = 0x0, 0x1, 0x2, 0x9
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server's address."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Target:
        """Read it off a ws:// address."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port)

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        """Open a TCP connection."""
        raw = socket.socket()
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(TIMEOUT_S)
        raw.connect((self.host, self.port))
        return raw

    def upgraded(self, receive_buffer: int | None = None, query: str = "") -> socket.socket:
        """Open a WebSocket. Raises OSError where it is refused."""
        raw = self.connect(receive_buffer)
        raw.sendall(self.handshake(query))
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = raw.recv(4096)
            if not received:
                raw.close()
                raise ConnectionError("closed in the handshake")
            answer += received
        return raw

    def request(self, method: str, path: str, *headers: str) -> bytes:
        """A request for no WebSocket."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", *headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def upload(self) -> bytes:
        """The beginning of a file of 200 MB: what follows is the file."""
        form = "Content-Type: multipart/form-data; boundary=b"
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        path = "/v1/audio/transcriptions"
        return self.request("POST", path, form, "Content-Length: 200000000") + part

    def handshake(self, query: str = "") -> bytes:
        """A request to upgrade."""
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET /v1/stream{query} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False) -> bytes:
    """Write a client's frame of less than 64 kB, masked with zeros."""
    head = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    if len(payload) < 126:
        return struct.pack("!BB4x", head, 0x80 | len(payload)) + payload
    return struct.pack("!BBH4x", head, 0x80 | 126, len(payload)) + payload


def announced(size: int, payload: bytes) -> bytes:
    """A binary frame that says it has so many bytes, and the first of them."""
    return struct.pack("!BBQ4x", 0x80 | BINARY, 0x80 | 127, size) + payload
