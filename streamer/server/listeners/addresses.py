"""The addresses that the server listens on, opened one after the other and closed together."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Generator
from typing import Protocol


class ListenError(Exception):
    """An address that is not to be had; the message says which and why."""


class Listener(Protocol):
    """What speaks one protocol, or several, at one address."""

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> tuple[str, int]:
        """Start to listen, and return where; raises OSError when the address is not to be had."""
        ...

    async def close(self) -> None:
        """Stop to listen."""
        ...


class Addresses:
    """Those of one host."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._open: list[Listener] = []

    async def open(
        self, listener: Listener, port: int, tls: ssl.SSLContext | None
    ) -> tuple[str, int]:
        """Listen at a port, 0 being a free one, and return the address; raises ListenError."""
        with naming(self._host, port):
            address = await listener.start(self._host, port, tls)
        self._open.append(listener)
        return address

    async def close(self) -> None:
        """Stop to listen at any; the first is the last."""
        while self._open:
            await self._open.pop().close()


@contextlib.contextmanager
def naming(host: str, port: int) -> Generator[None]:
    """Tell which of the addresses was not to be had."""
    try:
        yield
    except OSError as error:
        raise ListenError(f"cannot listen on {host}:{port}: {error}") from error
