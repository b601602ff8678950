"""What a client of the native protocol gets wrong is told, and costs as little as it can."""

from __future__ import annotations

import asyncio
import contextlib
import json

import numpy as np
import pytest
from server.upgrade import UPGRADE
from servers import client, get, of_type, receive_all, send, serving
from sounds import pcm, voice
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def test_a_wrong_setting_in_the_query_is_refused_before_the_upgrade() -> None:
    async with serving() as address:
        status, headers, body = await get(address, "/v1/stream?channels=0", **UPGRADE)
    assert status == 400
    assert headers["Content-Type"] == "application/json"
    error = json.loads(body)
    assert (error["code"], error["setting"], error["accepted"]) == (
        "invalid_setting",
        "channels",
        "1 to 8",
    )


async def test_a_setting_that_stands_twice_in_the_query_is_refused() -> None:
    async with serving() as address:
        status, _, body = await get(address, "/v1/stream?language=en&language=de", **UPGRADE)
    assert (status, json.loads(body)["setting"]) == (400, "language")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "tlh"),
        ("sample_rate", 4_000_000),
        ("channels", 3.5),
        ("vad", "silero"),
        ("resume", 7),
        ("colour", "blue"),
    ],
)
async def test_a_wrong_setting_in_start_is_fatal_and_named(name: str, value: object) -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start", **{name: value})
        (error,) = await receive_all(ws)
    assert (error["code"], error["setting"], error["fatal"]) == ("invalid_setting", name, True)
    assert error["accepted"]
    assert ws.close_code == 1008


async def test_words_are_refused_where_the_model_cannot_tell_them_in_any_way_of_asking() -> None:
    async with serving() as address:
        status, _, body = await get(address, "/v1/stream?words=true", **UPGRADE)
        assert (status, json.loads(body)["setting"]) == (400, "words")
        async with client(address) as ws:
            await ws.send(pcm(voice(0.1)))
            await send(ws, "configure", words=True)
            await send(ws, "stop")
            (error,) = of_type(await receive_all(ws), "error")
    assert (error["setting"], error["accepted"], error["fatal"]) == ("words", [False], False)
    assert "cannot tell word timings" in error["message"]


async def test_a_wrong_change_is_told_and_loses_nothing() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "configure", endpoint_silence_ms=5)
        await send(ws, "stop")
        messages = await receive_all(ws)
    (error,) = of_type(messages, "error")
    assert (error["setting"], error["accepted"], error["fatal"]) == (
        "endpoint_silence_ms",
        "100 to 3000",
        False,
    )
    assert len(of_type(messages, "final")) == 1


@pytest.mark.parametrize(
    "text",
    ["hello", "{", "[]", "12", '"stop"', "{}", '{"type":"sing"}', '{"type":"flush","id":7}', ""],
)
async def test_text_that_is_no_message_is_told_and_the_session_goes_on(text: str) -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(text)
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        messages = await receive_all(ws)
    (error,) = of_type(messages, "error")
    assert (error["code"], error["fatal"]) == ("invalid_message", False)
    assert "start" in error["accepted"]
    assert len(of_type(messages, "final")) == 1


async def test_start_comes_once_and_before_audio() -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start")
        await send(ws, "start")
        await ws.send(pcm(voice(0.5)))
        await send(ws, "start", language="de")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert [error["code"] for error in of_type(messages, "error")] == ["invalid_message"] * 2
    assert of_type(messages, "final")[0]["language"] == "en"


async def test_json_where_audio_belongs_is_noise_not_an_error() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(b'{"type":"stop"}')
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"
    assert of_type(messages, "warning")[0]["code"] == "unlikely_audio"


async def test_floats_that_are_no_numbers_are_warned_of() -> None:
    async with serving() as address, client(address, "?encoding=pcm_f32le") as ws:
        await ws.send(np.full(1000, np.nan, "<f4").tobytes())
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert of_type(messages, "warning")[0]["code"] == "invalid_samples"


async def test_a_frame_beyond_the_limit_closes_with_1009() -> None:
    async with serving() as address:
        ws = await connect(f"ws://{address}/v1/stream", compression=None)
        with contextlib.suppress(ConnectionClosed):
            await ws.send(bytes(100_000_000))
        async with asyncio.timeout(10):
            await ws.wait_closed()
    assert ws.close_code == 1009


async def test_a_start_behind_the_first_audio_is_refused_even_if_none_came_before() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(0.5)))
        await send(ws, "start", language="de")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert [error["code"] for error in of_type(messages, "error")] == ["invalid_message"]
    assert of_type(messages, "final")[0]["language"] == "en"
