"""Wyoming over a real socket, with the protocol's own client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from engines import CountingEngine
from servers import running
from sounds import pcm, silence, two_utterances, voice
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from streamer.engines.local import LocalEngine
from streamer.server.listeners.addresses import ListenError
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings


@asynccontextmanager
async def talking(server: TranscriptionServer) -> AsyncGenerator[AsyncClient]:
    assert server.wyoming_address is not None
    host, port = server.wyoming_address
    async with AsyncClient.from_uri(f"tcp://{host}:{port}", read_timeout=20) as client:
        yield client


async def speak(client: AsyncClient, audio: bytes, rate: int = 16_000) -> None:
    """As Home Assistant does: everything is sent before anything is read."""
    await client.write_event(Transcribe(language="en").event())
    await client.write_event(AudioStart(rate, 2, 1).event())
    for at in range(0, len(audio), 2048):
        await client.write_event(AudioChunk(rate, 2, 1, audio[at : at + 2048]).event())
    await client.write_event(AudioStop().event())


async def heard(client: AsyncClient) -> list[Event]:
    """Everything up to the end of the transcript, or of the connection."""
    events: list[Event] = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if event.type == "transcript-stop":
            break
    return events


def transcript(events: list[Event]) -> str:
    (told,) = [one for one in events if Transcript.is_type(one.type)]
    return Transcript.from_event(told).text


async def test_the_client_gets_its_transcript() -> None:
    async with running(wyoming_port=0) as server, talking(server) as client:
        await speak(client, pcm(two_utterances()))
        events = await heard(client)
    text = transcript(events)
    assert text.count("word0 word1") == 2
    chunks = [TranscriptChunk.from_event(one).text for one in events if "chunk" in one.type]
    assert "".join(chunks) == text


async def test_one_connection_may_bring_many_recordings() -> None:
    async with running(wyoming_port=0) as server, talking(server) as client:
        texts: list[str] = []
        for audio in (pcm(voice(2.0)), pcm(silence(1.0)), pcm(voice(1.0))):
            await speak(client, audio)
            texts.append(transcript(await heard(client)))
    assert texts == ["word0 word1 word2 word3 word4 word5", "", "word0 word1 word2"]


async def test_describe_and_ping() -> None:
    async with running(wyoming_port=0) as server, talking(server) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None
        info = Info.from_event(event)
        assert info.asr[0].models[0].languages == ["en", "de"]
        await client.write_event(Ping("hello").event())
        event = await client.read_event()
        assert event is not None
        assert Pong.from_event(event).text == "hello"


async def test_garbage_gets_an_error_and_the_end() -> None:
    async with running(wyoming_port=0) as server:
        assert server.wyoming_address is not None
        reader, writer = await asyncio.open_connection(*server.wyoming_address)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 50_000)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
    assert b'"type": "error"' in answer
    assert b"the header is not JSON" in answer


async def test_who_sends_all_and_hangs_up_halfway_gets_the_transcript() -> None:
    chunk = b'{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":'
    audio = pcm(voice(2.0))
    async with running(wyoming_port=0) as server:
        assert server.wyoming_address is not None
        reader, writer = await asyncio.open_connection(*server.wyoming_address)
        writer.write(chunk + b"%d}\n" % len(audio) + audio + b'{"type":"audio-stop"}\n')
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert b"word0 word1 word2 word3 word4 word5" in answer


@pytest.mark.parametrize(
    ("settings", "code"), [({"max_sessions": 1}, "overloaded"), ({}, "draining")]
)
async def test_a_server_without_room_says_so(settings: dict[str, Any], code: str) -> None:
    async with running(wyoming_port=0, drain_timeout_s=5, **settings) as server:
        async with talking(server) as first:
            await first.write_event(Describe().event())
            await first.read_event()
            drain = asyncio.create_task(server.drain()) if code == "draining" else None
            await asyncio.sleep(0)
            async with talking(server) as second:
                event = await second.read_event()
                assert event is not None
                assert Error.from_event(event).code == code
                assert await second.read_event() is None
            await speak(first, pcm(voice(1.0)))
            assert transcript(await heard(first)) == "word0 word1 word2", "who is in is served"
        if drain is not None:
            await asyncio.wait_for(drain, 20)


async def test_the_drain_limit_gives_the_transcript_so_far() -> None:
    async with running(wyoming_port=0, drain_timeout_s=0.2) as server, talking(server) as client:
        await client.write_event(AudioStart(16_000, 2, 1).event())
        await client.write_event(AudioChunk(16_000, 2, 1, pcm(voice(1.0))).event())
        await asyncio.sleep(0.3)
        await asyncio.wait_for(server.drain(), 20)
        assert transcript(await heard(client)) == "word0 word1 word2"


async def test_a_client_that_falls_silent_is_told_and_let_go() -> None:
    async with running(wyoming_port=0, idle_timeout_s=0.2) as server, talking(server) as client:
        await client.write_event(AudioStart(16_000, 2, 1).event())
        events = await heard(client)
    assert [Error.from_event(one).code for one in events] == ["idle-timeout"]


async def test_patience_outlasts_a_slow_engine() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    serving = running(engine, wyoming_port=0, idle_timeout_s=0.2)
    async with serving as server, talking(server) as client:
        await speak(client, pcm(voice(1.0)))
        await asyncio.sleep(0.6)
        engine.may_run.set()
        assert transcript(await heard(client)) == "word0 word1 word2"


async def test_a_flood_of_pings_that_nobody_reads_ends_the_connection() -> None:
    async with running(wyoming_port=0, send_timeout_s=0.3) as server:
        assert server.wyoming_address is not None
        reader, writer = await asyncio.open_connection(*server.wyoming_address, limit=1)
        ping = b'{"type":"ping","data":{"text":"%s"}}\n' % (b"x" * 20_000)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while True:
                    writer.write(ping)
                    await writer.drain()
        writer.transport.abort()
        del reader  # not sooner: the connection would end with it


async def test_a_port_that_is_taken_is_named() -> None:
    async with running(wyoming_port=0) as first:
        assert first.wyoming_address is not None
        port = first.wyoming_address[1]
        second = TranscriptionServer(
            Settings(port=0, wyoming_port=port), LocalEngine(CountingEngine())
        )
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}"):
            await second.__aenter__()
