"""No client's frames fill a turn of the event loop, however many one read brings."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Callable

import pytest
from servers import client, receive, receive_all, send, serving
from websockets.frames import Frame
from websockets.server import ServerProtocol

from streamer.server.connection.rate_limit import (
    BURST_FRAMES,
    FRAMES_PER_SECOND,
    FRAMES_PER_TURN,
    RateLimitedConnection,
)
from streamer.server.connection.slices import SLICE_S
from streamer.session.session import Session

TINY = struct.pack("!BB4x", 0x82, 0x80)
"""An empty binary frame."""


class Turns:
    """Counts the turns of the event loop, and what happens in each."""

    def __init__(self) -> None:
        self.now = 0
        self.happened = Counter[int]()
        self._task = asyncio.create_task(self._count())

    async def _count(self) -> None:
        while True:
            self.now += 1
            await asyncio.sleep(0)

    def note(self, amount: int = 1) -> None:
        self.happened[self.now] += amount

    async def until(self, amount: int) -> None:
        """Wait until so much has happened."""
        async with asyncio.timeout(10):
            while True:
                if self.happened.total() >= amount:
                    return
                await asyncio.sleep(0)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Turns]:
    """Return how to begin to count the frames that any server parses."""

    def counting() -> Turns:
        turns = Turns()
        take = ServerProtocol.recv_frame

        def noted(protocol: ServerProtocol, frame: Frame) -> None:
            turns.note()
            take(protocol, frame)

        monkeypatch.setattr(ServerProtocol, "recv_frame", noted)
        return turns

    return counting


async def test_the_frames_of_one_read_are_parsed_in_many_turns(
    parsed: Callable[[], Turns],
) -> None:
    turns = parsed()
    async with serving() as address, client(address) as ws:
        await receive(ws)
        ws.transport.write(TINY * 900)
        await send(ws, "stop")
        assert (await receive_all(ws))[-1]["type"] == "done"
    assert turns.happened.total() >= 900
    assert max(turns.happened.values()) <= FRAMES_PER_TURN


async def test_what_is_not_parsed_when_a_connection_ends_never_is(
    parsed: Callable[[], Turns],
) -> None:
    turns = parsed()
    async with serving() as address, client(address) as ws:
        await receive(ws)
        ws.transport.write(TINY * 20_000)
        await turns.until(BURST_FRAMES)
        ws.transport.abort()
    assert turns.happened.total() < 20_000
    assert max(turns.happened.values()) <= FRAMES_PER_TURN


@pytest.mark.parametrize("message_s", [1.9, 30.0])
async def test_others_get_their_turn_between_slices_of_audio(
    monkeypatch: pytest.MonkeyPatch, message_s: float
) -> None:
    """Whether it comes in one message or in many that wait; and it is heard in its order."""
    turns = Turns()
    heard: list[bytes] = []
    feed = Session.feed

    def noted(session: Session, data: bytes) -> list[object]:
        turns.note(len(data))
        heard.append(data)
        return [*feed(session, data)]

    monkeypatch.setattr(Session, "feed", noted)
    audio = bytes(range(256)) * 3750  # 30 s
    step = round(message_s * 32_000)
    async with serving() as address, client(address) as ws:
        await asyncio.gather(*(ws.send(audio[at : at + step]) for at in range(0, len(audio), step)))
        await send(ws, "stop")
        assert (await receive_all(ws))[-1]["audio"] == 30.0
    assert b"".join(heard) == audio
    assert max(turns.happened.values()) <= 2 * SLICE_S * 32_000


async def test_a_client_beyond_its_rate_is_waited_for_and_not_polled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    take = RateLimitedConnection.data_received

    def noted(connection: RateLimitedConnection, data: bytes) -> None:
        nonlocal looks
        looks += not data
        take(connection, data)

    monkeypatch.setattr(RateLimitedConnection, "data_received", noted)
    frames = BURST_FRAMES + FRAMES_PER_SECOND // 2
    async with serving() as address, client(address) as ws:
        await receive(ws)
        ws.transport.write(TINY * frames)
        await send(ws, "stop")
        assert (await receive_all(ws))[-1]["type"] == "done"
    assert looks <= 2 * frames / FRAMES_PER_TURN
