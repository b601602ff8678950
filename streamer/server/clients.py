"""Everybody whom the server serves at the moment, through whichever listener they came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from typing import Protocol

from prometheus_client import Gauge


class Client(Protocol):
    """One that is being served."""

    def go_away(self) -> None:
        """End because the server stops, as politely as the protocol allows."""
        ...

    def abort(self) -> None:
        """End at once, without another word."""
        ...


class Clients:
    """Counted for admission and in `gauge`, and told when the server ends."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._clients: set[Client] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._clients)

    @contextlib.contextmanager
    def counted(self, client: Client) -> Generator[None]:
        """Count a client as long as the context lasts."""
        self._clients.add(client)
        self._empty.clear()
        self._gauge.inc()
        try:
            yield
        finally:
            self._clients.remove(client)
            if not self._clients:
                self._empty.set()
            self._gauge.dec()

    def go_away(self) -> None:
        """Tell everybody that the server stops."""
        for client in list(self._clients):
            client.go_away()

    def abort(self) -> None:
        """Cut everybody off."""
        for client in list(self._clients):
            client.abort()

    async def until_gone(self, timeout_s: float) -> None:
        """Wait until nobody is left, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
