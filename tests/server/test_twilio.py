"""Phone calls through a real server: heard at /twilio, told at /v1/calls/CALL and the webhook."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from engines import CountingEngine
from hooks import receiving
from phone import CALL, call, media, start
from servers import Message, get, of_type, receive, receive_all, receive_until, serving
from sounds import pcm, silence, two_utterances, voice
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamer.engines.local import LocalEngine
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

CALLER = np.concatenate([silence(0.5), voice(1.5), silence(3.0)])
AGENT = np.concatenate([silence(2.5), voice(1.2, seed=3), silence(1.3)])


@asynccontextmanager
async def listener(address: str, of: str = CALL, **more: Any) -> AsyncGenerator[ClientConnection]:
    async with connect(f"ws://{address}/v1/calls/{of}", **more) as ws:
        yield ws


async def speak(address: str, **more: Any) -> ClientConnection:
    """Send a whole call, and wait until the server closes."""
    async with connect(f"ws://{address}/twilio", **more) as ws:
        for message in call(CALLER, AGENT):
            await ws.send(message)
        with contextlib.suppress(ConnectionClosed):
            assert await ws.recv() is None, "Twilio is told nothing"
    return ws


def turns(messages: list[Message]) -> list[tuple[str, str]]:
    return [(final["track"], final["text"][:5]) for final in of_type(messages, "final")]


async def test_both_tracks_are_told_to_everybody_who_listens() -> None:
    async with serving() as address, listener(address) as one, listener(address) as other:
        ws = await speak(address)
        told = [await receive_all(one), await receive_all(other)]
        async with listener(address) as late:
            afterwards = await receive_all(late)
    assert ws.close_code == 1000
    assert one.close_code == other.close_code == 1000
    for messages in told:
        assert messages[0]["type"] == "started"
        assert messages[-1]["type"] == "ended"
        assert turns(messages) == [("inbound", "word0"), ("outbound", "word0")]
    kept = [message for message in told[0] if message["type"] != "partial"]
    assert [message["seq"] for message in kept] == list(range(len(kept)))
    assert afterwards == kept
    first, second = of_type(kept, "final")
    assert first["start"] == pytest.approx(0.5, abs=0.3)
    assert second["start"] == pytest.approx(2.5, abs=0.3)


async def test_a_call_that_breaks_off_is_told_to_its_end() -> None:
    async with serving() as address, listener(address) as ws:
        async with connect(f"ws://{address}/twilio") as caller:
            for message in list(call(CALLER, AGENT))[:120]:  # in the middle of a word
                await caller.send(message)
            assert (await receive(ws))["type"] == "started"
            caller.transport.abort()
        messages = await receive_until(ws, "ended")
    assert turns(messages) == [("inbound", "word0")]


async def test_listeners_take_no_place_of_a_session() -> None:
    async with (
        serving(max_sessions=1) as address,
        listener(address),
        connect(f"ws://{address}/twilio"),
    ):
        for path in ("twilio", "v1/calls/CA2"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://{address}/{path}")
            assert refused.value.response.status_code == 503
        _, _, metrics = await get(address, "/metrics")
    assert b"streamer_sessions 1.0" in metrics
    assert b"streamer_listeners 1.0" in metrics


async def test_listeners_need_a_key_and_callers_a_key_or_a_signature() -> None:
    token = "s3cret"
    async with serving(
        api_keys=["k"], twilio_auth_token=token, public_url="wss://stt.example.com"
    ) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/v1/calls/{CALL}")
        assert refused.value.response.status_code == 401
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/twilio")
        assert refused.value.response.status_code == 401
        wrong = {"X-Twilio-Signature": "AAAA"}
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/twilio", additional_headers=wrong)
        assert refused.value.response.status_code == 403
        url = "wss://stt.example.com/twilio"
        signed = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, {})}
        async with listener(address, additional_headers={"Authorization": "Bearer k"}) as ws:
            await speak(address, additional_headers=signed)
            assert turns(await receive_all(ws)) == [("inbound", "word0"), ("outbound", "word0")]


async def test_the_webhook_gets_finals_in_order_and_no_partials() -> None:
    async with receiving() as (receiver, url), serving(webhook_url=url) as address:
        await speak(address)
        await receiver.until(lambda: any('"ended"' in body for body in receiver.bodies))
    bodies = [json.loads(body) for body in receiver.bodies]
    assert [body["type"] for body in bodies] == ["started", "final", "final", "ended"]
    assert [body["seq"] for body in bodies] == [0, 1, 2, 3]


async def test_a_listener_that_does_not_read_holds_up_nobody() -> None:
    async with serving(send_timeout_s=0.5) as address, listener(address) as stuck:
        stuck.transport.pause_reading()
        async with listener(address) as ws:
            await asyncio.wait_for(speak(address), 20)
            assert (await receive_all(ws))[-1]["type"] == "ended"
        stuck.transport.abort()


async def test_an_idle_call_is_ended_and_an_idle_listener_is_not() -> None:
    engine = CountingEngine()
    async with serving(engine, idle_timeout_s=0.3) as address, listener(address) as ws:
        async with connect(f"ws://{address}/twilio") as caller:
            await caller.send(start())
            await caller.send(media("inbound", 0, b"\xff" * 160))
            with contextlib.suppress(ConnectionClosed):
                await asyncio.wait_for(caller.recv(), 20)
        assert caller.close_code == 1008
        kinds = [message["type"] for message in await receive_all(ws)]
    assert kinds == ["started", "error", "ended"]


async def test_going_away_tells_listeners_last() -> None:
    server = TranscriptionServer(
        Settings(port=0, drain_timeout_s=0.2), LocalEngine(CountingEngine())
    )
    async with server:
        host, port = server.address
        address = f"{host}:{port}"
        async with listener(address) as ws, listener(address, "CA-never") as waiting:
            async with connect(f"ws://{address}/twilio") as caller:
                for message in list(call(two_utterances(), AGENT))[:100]:
                    await caller.send(message)
                await receive(ws)
                await server.drain()
                assert (await receive_all(ws))[-1]["type"] == "ended"
            await receive_all(waiting)
    assert (caller.close_code, ws.close_code, waiting.close_code) == (1012, 1000, 1012)


async def test_a_call_of_vonages_is_told_as_one_of_twilios() -> None:
    async with serving() as address, listener(address, "v1") as listening:
        async with connect(f"ws://{address}/vonage?call=v1") as ws:
            await ws.send('{"event":"websocket:connected","content-type":"audio/l16;rate=16000"}')
            audio = pcm(CALLER)
            for at in range(0, len(audio), 640):
                await ws.send(audio[at : at + 640])
        told = await receive_all(listening)
    assert turns(told) == [("inbound", "word0")]
    assert told[-1]["type"] == "ended"
