"""AudioSocket over a real socket: byte for byte what Asterisk sends, told at /v1/calls/UUID."""

from __future__ import annotations

import asyncio
import json

import pytest
from asterisk import CALL, HANG_UP, frame, uuid_frame, voice_frames
from hooks import receiving
from servers import of_type, receive_all, running
from sounds import two_utterances
from websockets.asyncio.client import connect

from streamer.protocols.audiosocket import dialect
from streamer.server.server import TranscriptionServer


async def dialled(server: TranscriptionServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert server.audiosocket_address is not None
    return await asyncio.open_connection(*server.audiosocket_address)


def listening(server: TranscriptionServer) -> connect:
    host, port = server.address
    return connect(f"ws://{host}:{port}/v1/calls/{CALL}")


@pytest.mark.parametrize(("kind", "rate"), [(0x10, 8000), (0x12, 16_000), (0x16, 48_000)])
async def test_a_call_is_told_to_who_listens(kind: int, rate: int) -> None:
    async with running(audiosocket_port=0) as server, listening(server) as listener:
        reader, writer = await dialled(server)
        writer.write(uuid_frame())
        for number, one in enumerate(voice_frames(two_utterances(), kind, rate)):
            writer.write(one)
            if number == 20:
                writer.write(frame(0x03, b"#"))
        writer.write(HANG_UP)
        messages = await receive_all(listener)
        assert await asyncio.wait_for(reader.read(), 20) == b"", "the caller is played nothing"
        writer.close()
    assert [one["type"] for one in messages if one["type"] != "partial"][:2] == ["started", "dtmf"]
    assert all("word0 word1" in one["text"] for one in of_type(messages, "final"))
    assert len(of_type(messages, "final")) == 2
    assert messages[-1]["type"] == "ended"


async def test_a_call_whose_line_is_cut_is_told_to_its_end() -> None:
    async with running(audiosocket_port=0) as server, listening(server) as listener:
        _, writer = await dialled(server)
        writer.write(uuid_frame() + b"".join(voice_frames(two_utterances())))
        await writer.drain()
        writer.transport.abort()
        messages = await receive_all(listener)
    assert messages[-1]["type"] == "ended"


async def test_finals_go_to_the_webhook() -> None:
    async with (
        receiving() as (hook, url),
        running(audiosocket_port=0, webhook_url=url) as server,
    ):
        reader, writer = await dialled(server)
        writer.write(uuid_frame() + b"".join(voice_frames(two_utterances())) + HANG_UP)
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await server.drain()
    finals = [one for one in map(json.loads, hook.bodies) if one["type"] == "final"]
    assert [one["call"] for one in finals] == [str(CALL)] * 2


async def test_a_silent_connection_does_not_keep_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect.AudioSocketDialect, "grace_s", 0.1)
    async with running(audiosocket_port=0, max_sessions=1) as server:
        reader, writer = await dialled(server)
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()


async def test_a_server_without_room_hangs_up() -> None:
    async with running(audiosocket_port=0, max_sessions=1) as server:
        _, first = await dialled(server)
        first.write(uuid_frame())
        reader, second = await dialled(server)
        assert await asyncio.wait_for(reader.read(), 10) == HANG_UP
        second.close()
        first.close()
