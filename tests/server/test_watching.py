"""Who watches along is told what is said, and no more; with a link, for as long as that holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from servers import (
    client,
    get,
    of_type,
    receive,
    receive_all,
    receive_until,
    running,
    send,
    serving,
)
from sounds import pcm, silence, voice
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

KEY = "?api_key=secret"
SPEECH = pcm(voice(1.0)) + pcm(silence(1.0))


def watching(address: str, token: str) -> connect:
    return connect(f"ws://{address}/v1/watch/{token}")


async def speak(ws: ClientConnection, **settings: Any) -> dict[str, Any]:
    """Open a stream, say one utterance, and stop; returns `ready`."""
    await send(ws, "start", **settings)
    ready = await receive(ws)
    await ws.send(SPEECH)
    await send(ws, "stop")
    return ready


async def test_a_link_needs_no_key_and_outlives_its_first_stream() -> None:
    async with serving(api_keys=["secret"], watch_hours=1) as address:
        async with client(address, KEY) as ws:
            ready = await speak(ws, watch=True)
            said = await receive_all(ws)
        assert ready["watchable"]
        link = ready["watch"]
        async with watching(address, link["token"]) as watcher:
            told = [message for message in said if message["type"] in ("final", "done")]
            del told[-1]["usage_s"]  # the sum is the business of whoever speaks
            assert await receive_until(watcher, "done") == [
                {**message, "seq": 0} for message in told
            ], "who comes late is told what was said"
            async with client(address, KEY) as ws:
                again = await speak(ws, watch=link["token"])
                await receive_all(ws)
            assert again["watch"] == link
            told = await receive_until(watcher, "done")
        assert {message["type"] for message in told} <= {"partial", "final", "done"}
        assert len(of_type(told, "final")) == 1


async def test_the_last_words_of_a_speaker_who_is_gone_are_told() -> None:
    async with serving(watch_hours=1, resume_window_s=0) as address:
        async with client(address) as ws:
            await send(ws, "start", watch=True)
            token = (await receive(ws))["watch"]["token"]
            async with watching(address, token) as watcher:
                await ws.send(pcm(voice(1.0)))
                await receive_until(ws, "speech_started")
                ws.transport.abort()
                told = await receive_until(watcher, "done")
        assert of_type(told, "final")[0]["text"]


async def test_without_the_wish_nothing_is_told() -> None:
    async with running(watch_hours=1) as server:
        host, port = server.address
        async with client(f"{host}:{port}") as ws:
            ready = await speak(ws)
            await receive_all(ws)
        assert "watch" not in ready
        assert len(server._calls) == 0  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("hours", [0, 1])
async def test_a_link_that_is_none_is_refused(hours: float) -> None:
    async with serving(watch_hours=hours) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with watching(address, "x" * 48):
                pass
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body)["code"] == "no_such_link"
        status, _, body = await get(address, f"/v1/watch/{'x' * 48}")
        assert (status, json.loads(body)["code"]) == (404, "no_such_link"), "to a plain request"


async def test_a_link_that_expires_is_closed() -> None:
    async with serving(watch_hours=1.5 / 3600) as address, client(address) as ws:
        await send(ws, "start", watch=True)
        token = (await receive(ws))["watch"]["token"]
        async with watching(address, token) as watcher:
            with pytest.raises(ConnectionClosedError, match="the link expired"):
                await watcher.recv()


@pytest.mark.parametrize(("hours", "wish"), [(0, True), (1, "x" * 48)])
async def test_a_stream_goes_on_unwatched(hours: float, wish: object) -> None:
    async with serving(watch_hours=hours) as address, client(address) as ws:
        ready = await speak(ws, watch=wish)
        told = await receive_all(ws)
        assert (ready["watchable"], "watch" in ready) == (bool(hours), False)
        assert of_type(told, "warning")[0]["code"] == "not_watched"
        assert of_type(told, "final")
