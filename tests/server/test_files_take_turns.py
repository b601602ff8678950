"""However many files come at a WebSocket's speed, few are heard in one turn of the event loop."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from hosts import a_host
from server.stand_ins import Clock, Engine
from sounds import pcm, silence

from streamer.dispatch.dispatcher import Dispatcher
from streamer.protocols.dialect import Open
from streamer.protocols.native.dialect import NativeDialect
from streamer.server.admission.quotas import Limits, Peer, Quotas
from streamer.server.connection.client_session import ClientSession
from streamer.server.connection.service import Service
from streamer.server.connection.slices import FILES_AT_ONCE
from streamer.server.connection.ticker import Ticker
from streamer.server.metrics import Metrics
from streamer.session.inputs import Audio
from streamer.session.settings import StreamSettings
from streamer.settings import Settings

NOBODY = Peer(None, "")

PIECE_S = 1.05
"""Heard at once, and as long as that: others have their turn behind it."""


class Server:
    """Counts the pieces that were heard since it was looked last."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.heard = 0
        quotas = Quotas(Limits(0, 0), Limits(0, 0), time.monotonic)
        self._service = Service(
            Settings(),
            cast("Dispatcher", Engine()),
            Metrics(),
            quotas,
            ticker=Ticker(self.clock),
        )

    async def session(self) -> ClientSession:
        dialect = NativeDialect({}, a_host())
        session = ClientSession("s", dialect, self._service, NOBODY, lambda: None, None)
        await session.carry_out_all([Open(StreamSettings(language="en"))])
        return session

    async def hear(self, session: ClientSession, seconds: float) -> None:
        pending = session.feed(Audio(pcm(silence(seconds))))
        self.heard += 1
        if pending is not None:
            await pending


async def most_in_a_turn(server: Server, work: list[asyncio.Task[None]]) -> int:
    """Return the most pieces between two looks, which are within two turns of the loop."""
    most = 0
    while not all(task.done() for task in work):
        server.heard = 0
        await asyncio.sleep(0)
        most = max(most, server.heard)
    return most


async def test_forty_files_take_turns() -> None:
    server = Server()

    async def send(session: ClientSession) -> None:
        for _ in range(6):
            await server.hear(session, PIECE_S)

    sessions = [await server.session() for _ in range(40)]
    sending = [asyncio.create_task(send(session)) for session in sessions]
    await asyncio.sleep(0)  # the first piece of each
    assert await most_in_a_turn(server, sending) <= 2 * FILES_AT_ONCE


async def test_who_speaks_in_real_time_waits_for_no_file() -> None:
    server = Server()
    live = await server.session()

    async def send(session: ClientSession) -> None:
        while True:
            await server.hear(session, PIECE_S)

    sessions = [await server.session() for _ in range(40)]
    sending = [asyncio.create_task(send(session)) for session in sessions]
    await asyncio.sleep(0)
    for _ in range(9):
        server.clock.pass_time(0.5)
        server.heard = 0
        await server.hear(live, 0.5)
        assert server.heard <= 1 + 2 * FILES_AT_ONCE
    for task in sending:
        task.cancel()
