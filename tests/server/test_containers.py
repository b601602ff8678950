"""Recorders' streams, and bytes that are no samples, at the doors that take binary audio."""

from __future__ import annotations

import json

import numpy as np
import pytest
from recorded import recorded
from server.resuming import back, drop
from servers import client, of_type, receive, receive_all, receive_until, send, serving
from sounds import pcm, two_utterances, voice
from websockets.asyncio.client import connect

RECORDED = {kind: recorded(kind, two_utterances()) for kind in ("webm", "ogg", "mp4", "aac")}
FLOATS = two_utterances().astype("<f4").tobytes()


def pieces(data: bytes, size: int = 700) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("kind", RECORDED)
async def test_a_recorder_is_heard_at_the_native_door(kind: str) -> None:
    async with serving() as address, client(address, "?encoding=container&partials=false") as ws:
        for piece in pieces(RECORDED[kind]):
            await ws.send(piece)
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert not of_type(messages, "warning")
    assert len(of_type(messages, "final")) == 2
    assert messages[-1]["audio"] == pytest.approx(5.3, abs=0.2)


@pytest.mark.parametrize("kind", RECORDED)
async def test_a_recorder_is_heard_at_listen_without_an_encoding(kind: str) -> None:
    async with serving() as address, connect(f"ws://{address}/v1/listen?model=nova-3") as ws:
        for piece in pieces(RECORDED[kind]):
            await ws.send(piece)
        await send(ws, "CloseStream")
        messages = await receive_all(ws)
    assert not of_type(messages, "Error")
    assert sum(one["is_final"] for one in of_type(messages, "Results")) == 2
    assert messages[-1]["duration"] == pytest.approx(5.3, abs=0.2)


@pytest.mark.parametrize("cut", [1, 4000, 9001])
async def test_a_recorder_goes_on_by_bytes_after_a_dropped_connection(cut: int) -> None:
    data = RECORDED["webm"]
    async with serving() as address:
        async with client(address, "?encoding=container&partials=false") as ws:
            ready = await receive(ws)
            await ws.send(data[:cut])
            await drop(ws)
        async with client(address, back(ready["session"], 0)) as ws:
            again = await receive(ws)
            assert again["bytes_received"] == cut or again["bytes_received"] == 0
            await ws.send(data[again["bytes_received"] :])
            await send(ws, "stop")
            messages = await receive_all(ws)
    assert len(of_type(messages, "final")) == 2
    assert messages[-1]["audio"] == pytest.approx(5.3, abs=0.2)


async def test_bytes_that_are_no_samples_are_told_at_once() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(FLOATS[:60_000])
        warning = (await receive_until(ws, "warning"))[-1]
        assert warning["code"] == "unlikely_audio"
        assert "pcm_f32le" in warning["message"]
        await send(ws, "stop")
        assert (await receive_all(ws))[-1]["type"] == "done"


async def test_what_is_no_container_is_told_with_what_is() -> None:
    async with serving() as address, client(address, "?encoding=container") as ws:
        await ws.send(pcm(voice(1.0)))
        warning = (await receive_until(ws, "warning"))[-1]
    assert warning["code"] == "unlikely_audio"
    assert "WebM" in warning["message"]


async def test_a_command_in_a_binary_frame_is_told_and_is_no_audio() -> None:
    async with serving() as address, client(address, "?partials=false") as ws:
        await ws.send(b'{"type": "keepalive"}')
        await ws.send(pcm(two_utterances()))
        await ws.send(json.dumps({"type": "stop"}).encode())
        await send(ws, "stop")
        messages = await receive_all(ws)
    told = of_type(messages, "warning")
    assert [one["code"] for one in told] == ["unlikely_audio"] * 2
    assert "'keepalive'" in told[0]["message"]
    assert "send commands as text" in told[1]["message"]
    assert messages[-1]["audio"] == 5.3


async def test_listen_tells_what_is_no_audio_and_goes_on() -> None:
    query = "encoding=linear16&sample_rate=16000"
    async with serving() as address, connect(f"ws://{address}/v1/listen?{query}") as ws:
        await ws.send(b'{"type":"KeepAlive"}')
        error = await receive(ws)
        assert (error["type"], error["variant"]) == ("Error", "DATA-0000")
        await ws.send(FLOATS)
        await send(ws, "CloseStream")
        messages = await receive_all(ws)
    assert "pcm_f32le" in of_type(messages, "Error")[0]["description"]
    assert messages[-1]["type"] == "Metadata"


async def test_two_channels_of_a_container_are_two_streams() -> None:
    one = two_utterances()
    data = recorded("oga", np.stack([one, np.zeros_like(one)], axis=1))
    query = "?encoding=container&channels=2&partials=false"
    async with serving() as address, client(address, query) as ws:
        await ws.send(data)
        await send(ws, "stop")
        finals = of_type(await receive_all(ws), "final")
    assert [final["channel"] for final in finals] == [0, 0]
