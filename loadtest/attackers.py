"""Clients that mean harm, or might as well: each does its worst for so many seconds.

All are plain sockets, in threads of their own, against loopback or the address they are given.
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

TEXT, BINARY, PING = 0x1, 0x2, 0x9
HANDSHAKE = (
    "GET /v1/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


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
        raw.settimeout(5)
        raw.connect((self.host, self.port))
        return raw

    def upgraded(self, receive_buffer: int | None = None) -> socket.socket:
        """Open a WebSocket."""
        raw = self.connect(receive_buffer)
        raw.sendall(self.handshake)
        while b"\r\n\r\n" not in raw.recv(4096):
            pass
        return raw

    @property
    def handshake(self) -> bytes:
        """A request to upgrade."""
        key = base64.b64encode(os.urandom(16)).decode()
        return HANDSHAKE.format(host=f"{self.host}:{self.port}", key=key).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False) -> bytes:
    """Write a client's frame, masked with zeros."""
    head = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    if len(payload) < 126:
        return struct.pack("!BB4x", head, 0x80 | len(payload)) + payload
    return struct.pack("!BBH4x", head, 0x80 | 126, len(payload)) + payload


def flood(frames: bytes) -> Callable[[Target, float], None]:
    """Send the same frames as fast as they are taken; connect again when cut off."""

    def attack(target: Target, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError), target.upgraded() as raw:
                raw.settimeout(0.2)
                while time.monotonic() < until:
                    with contextlib.suppress(TimeoutError):
                        raw.sendall(frames)

    return attack


def never_read(target: Target, seconds: float) -> None:
    """Ask for answers for ever, and read none."""
    ask = frame(TEXT, b'{"type":"flush","id":"' + b"x" * 90 + b'"}') * 50
    with target.upgraded(receive_buffer=4096) as raw:
        raw.settimeout(0.2)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                raw.sendall(ask)
            except TimeoutError:
                continue
            except OSError:
                return


def slow_loris(target: Target, seconds: float) -> None:
    """Begin fifty handshakes, a byte at a time, and end none."""
    raws = [target.connect() for _ in range(50)]
    until = time.monotonic() + seconds
    at = 0
    while time.monotonic() < until:
        for raw in raws:
            with contextlib.suppress(OSError):
                raw.sendall(target.handshake[at : at + 1])
        at += 1
        time.sleep(0.25)
    for raw in raws:
        raw.close()


def reset(target: Target, seconds: float) -> None:
    """Say half a word and reset the connection, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            raw = target.upgraded()
            raw.sendall(frame(BINARY, os.urandom(6400)) * 5)
            time.sleep(0.1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()


def fragments() -> bytes:
    """A message that goes on and on, a byte a fragment."""
    return frame(BINARY, b"x", fin=False) + frame(0x0, b"x", fin=False) * 5000


def bomb() -> bytes:
    """Ten megabytes, deflated, that nobody has agreed to inflate."""
    packed = zlib.compress(bytes(10_000_000))
    return frame(BINARY, packed[:60_000], rsv1=True)


def oversized() -> bytes:
    """A frame that says it is as large as a disk."""
    return struct.pack("!BBQ4x", 0x80 | BINARY, 0x80 | 127, 1 << 40) + bytes(65_536)


def garbage() -> bytes:
    """What is no message, and what is no sound."""
    texts = (b"{", b"[]", b'"stop"', b'{"type":"sing"}', b'{"type":"flush","id":{}}', b"\xc3\xa4")
    return b"".join(frame(TEXT, text) for text in texts) + frame(BINARY, os.urandom(999))
