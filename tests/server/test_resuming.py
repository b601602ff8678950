"""A dropped connection costs nothing: the client comes back and goes on where it was."""

from __future__ import annotations

import asyncio

import pytest
from engines import CountingEngine
from server.resuming import AUDIO, back, drop, told, undisturbed, until_told
from servers import (
    client,
    of_type,
    receive,
    receive_all,
    receive_until,
    send,
    serving,
)
from sounds import pcm, voice
from vad.networks import LoudNetwork
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from streamer.engines.local import LocalEngine
from streamer.pipeline.detection import VoiceDetection
from streamer.protocols.native.replay_buffer import ReplayBuffer
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings


async def test_a_dropped_stream_goes_on_as_if_nothing_had_been() -> None:
    engine = CountingEngine()
    async with serving(engine) as address:
        async with client(address, "?partials=false") as ws:
            await ws.send(AUDIO[:100_001])
            before = await receive_until(ws, "final")
            await drop(ws)
        session, last_seq = before[0]["session"], before[-1]["seq"]
        async with client(address, back(session, last_seq)) as ws:
            ready = await receive(ws)
            assert (ready["session"], ready["resumed"], ready["seq"]) == (session, True, last_seq)
            received = round(ready["audio_received"] * 32_000)
            assert received == 100_001
            await ws.send(AUDIO[received:])
            await send(ws, "stop")
            after = await receive_all(ws)
    messages = [*before, *after]
    assert [message["seq"] for message in messages] == list(range(len(messages)))
    assert told(messages) == told(await undisturbed(AUDIO))
    assert len(engine.joined) == 2, "nothing is transcribed twice"


@pytest.mark.parametrize("received", [33_333, 64_001])
async def test_a_detector_outside_the_session_hears_on_where_it_was(received: int) -> None:
    """It remembers what it has heard, and here says so in each number."""
    async with serving(detection=VoiceDetection(LoudNetwork())) as address:
        async with client(address, "?partials=false") as ws:
            await ws.send(AUDIO[:received])
            before = await receive_until(ws, "speech_started")
            assert before[0]["settings"]["vad"] == "silero"
            await drop(ws)
        async with client(address, back(before[0]["session"], before[-1]["seq"])) as ws:
            ready = await receive(ws)
            await ws.send(AUDIO[round(ready["audio_received"] * 32_000) :])
            await send(ws, "stop")
            after = await receive_all(ws)
    assert told([*before, *after]) == told(await undisturbed(AUDIO, VoiceDetection(LoudNetwork())))


async def test_what_was_sent_and_did_not_arrive_is_sent_again_with_its_number() -> None:
    async with serving() as address:
        async with client(address) as ws:
            await ws.send(AUDIO)
            await send(ws, "flush", id="here")
            sent = await receive_until(ws, "flushed")
            await drop(ws)
        for known in (-1, 0, 3, sent[-1]["seq"]):
            async with client(address, back(sent[0]["session"], known)) as ws:
                assert (await receive(ws))["seq"] == known
                again = [await receive(ws) for _ in sent[known + 1 :]]
                assert again == sent[known + 1 :]


async def test_a_start_message_resumes_as_well() -> None:
    async with serving() as address:
        async with client(address, "?language=de") as ws:
            session = (await receive(ws))["session"]
            await ws.send(b"abc")
        async with client(address) as ws:
            await send(ws, "start", resume=session, last_seq=0, sample_rate=48_000)
            ready = await receive(ws)
    assert ready["resumed"]
    assert round(ready["audio_received"] * 32_000) == 3
    assert (ready["settings"]["language"], ready["settings"]["sample_rate"]) == ("de", 16_000)


async def test_finals_that_came_while_nobody_was_there_wait() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address:
        async with client(address, "?partials=false") as ws:
            await ws.send(AUDIO)
            await send(ws, "stop")
            before = await receive_until(ws, "speech_ended")
            await drop(ws)
        engine.may_run.set()
        await asyncio.sleep(0.1)
        async with client(address, back(before[0]["session"], before[-1]["seq"])) as ws:
            after = (await receive_all(ws))[1:]
            assert ws.close_code == 1000
    assert [message["seq"] for message in [*before, *after]] == list(range(len(before + after)))
    assert len(of_type(after, "final")) == 2
    assert after[-1]["type"] == "done"


async def test_orders_that_arrived_are_counted_so_that_none_is_carried_out_twice() -> None:
    async with serving() as address:
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            await send(ws, "flush", id="a")
            await send(ws, "keepalive")
            await send(ws, "configure", partials=False)
            await send(ws, "nonsense")
            session = (await receive_until(ws, "error"))[0]["session"]
            await drop(ws)
        async with client(address, back(session)) as ws:
            assert (await receive(ws))["messages_received"] == 3


async def test_a_new_connection_takes_over_from_one_that_is_not_known_to_be_dead() -> None:
    async with serving() as address, client(address, "?partials=false") as dead:
        await dead.send(AUDIO[:50_000])
        before = await receive_until(dead, "speech_started")
        async with client(address, back(before[0]["session"], before[-1]["seq"])) as ws:
            ready = await receive(ws)
            await dead.wait_closed()
            await ws.send(AUDIO[round(ready["audio_received"] * 32_000) :])
            await send(ws, "stop")
            after = await receive_all(ws)
    assert told(before + after) == told(await undisturbed(AUDIO))


async def test_of_several_that_come_back_at_once_one_goes_on() -> None:
    async with serving() as address:
        async with client(address) as ws:
            session = (await receive(ws))["session"]

        async def come_back() -> str:
            async with client(address, back(session, 0)) as ws:
                return (await receive_all(ws))[0]["type"] if await stays(ws) else "gone"

        async def stays(ws: ClientConnection) -> bool:
            await asyncio.sleep(0.5)
            if ws.close_code is not None:
                return False
            await send(ws, "stop")
            return True

        came = await asyncio.gather(*(come_back() for _ in range(5)))
    assert sorted(came) == ["gone"] * 4 + ["ready"]


async def test_a_client_that_does_not_read_is_suspended_and_then_gets_it_all() -> None:
    count = 1500
    async with serving(send_timeout_s=0.3) as address:
        async with client(address, max_queue=1) as ws:
            session = (await receive(ws))["session"]
            for number in range(count):
                await send(ws, "flush", id=f"{number} {'x' * 200}")
            await until_told(address, "streamer_suspended 1.0")
            await drop(ws)
        async with client(address, back(session, 0)) as ws:
            ready = await receive(ws)
            for number in range(ready["messages_received"], count):
                await send(ws, "flush", id=f"{number} {'x' * 200}")
            await send(ws, "stop")
            messages = await receive_all(ws)
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    ids = [int(message["id"].split()[0]) for message in of_type(messages, "flushed")]
    assert ids == list(range(count))


async def test_messages_that_are_kept_no_more_cannot_be_missed_unnoticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{ReplayBuffer.__module__}.ReplayBuffer.__init__.__defaults__", (300,))
    async with serving() as address:
        async with client(address) as ws:
            for _ in range(20):
                await send(ws, "flush", id="x")
            await send(ws, "nonsense")
            sent = await receive_until(ws, "error")
            await drop(ws)
        async with client(address, back(sent[0]["session"], 2)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"
        async with client(address, back(sent[0]["session"], sent[-2]["seq"])) as ws:
            assert [await receive(ws), await receive(ws)][1] == sent[-1]


async def test_what_a_client_says_it_has_is_not_kept_for_it() -> None:
    async with serving() as address:
        async with client(address) as ws:
            await send(ws, "flush", id="a")
            sent = await receive_until(ws, "flushed")
            await send(ws, "keepalive", last_seq=sent[-1]["seq"])
            await send(ws, "nonsense")
            await receive_until(ws, "error")
        async with client(address, back(sent[0]["session"], 0)) as ws:
            assert (await receive(ws))["code"] == "unknown_session"
        async with client(address, back(sent[0]["session"])) as ws:
            assert (await receive(ws))["seq"] == sent[-1]["seq"]


async def test_a_message_that_was_never_sent_cannot_have_come() -> None:
    async with serving() as address:
        async with client(address) as ws:
            await send(ws, "flush", id="a")
            sent = await receive_until(ws, "flushed")
            await send(ws, "keepalive", last_seq=sent[-1]["seq"] + 1)
            told = (await receive_until(ws, "error"))[-1]
            assert (told["code"], told["fatal"]) == ("invalid_message", False)
            assert "last_seq" in told["message"]
        last = told["seq"]
        async with client(address, back(sent[0]["session"], last + 1)) as ws:
            refused = await receive(ws)
            assert (refused["code"], refused["setting"]) == ("invalid_setting", "last_seq")
        async with client(address, back(sent[0]["session"], last)) as ws:
            assert (await receive(ws))["resumed"]


async def test_while_the_server_drains_old_clients_come_back_and_new_ones_do_not() -> None:
    server = TranscriptionServer(Settings(port=0), LocalEngine(CountingEngine()))
    async with server:
        host, port = server.address
        address = f"{host}:{port}"
        async with client(address, "?partials=false") as ws:
            await ws.send(AUDIO[:60_000])
            before = await receive_until(ws, "speech_started")
            await drop(ws)
        draining = asyncio.create_task(server.drain())
        await asyncio.sleep(0.05)
        with pytest.raises(InvalidStatus):
            async with client(address):
                pass
        async with client(address, back(before[0]["session"], before[-1]["seq"])) as ws:
            await receive(ws)
            await ws.send(AUDIO[60_000:])
            await send(ws, "stop")
            after = await receive_all(ws)
        async with asyncio.timeout(20):
            await draining
    assert told(before + after) == told(await undisturbed(AUDIO))
