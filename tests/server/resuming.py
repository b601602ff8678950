"""Clients that are dropped and come back."""

from __future__ import annotations

import asyncio
from typing import Any

from servers import (
    Message,
    client,
    get,
    receive,
    receive_all,
    send,
    serving,
)
from sounds import pcm, two_utterances
from websockets.asyncio.client import ClientConnection

from streamer.pipeline.detection import VoiceDetection

AUDIO = pcm(two_utterances())


def back(session: str, last_seq: int | None = None, **settings: Any) -> str:
    known = {} if last_seq is None else {"last_seq": last_seq}
    fields = {"resume": session, **known, **settings}
    return "?" + "&".join(f"{name}={value}" for name, value in fields.items())


async def drop(ws: ClientConnection) -> None:
    ws.transport.abort()
    await ws.wait_closed()


async def undisturbed(audio: bytes, detection: VoiceDetection | None = None) -> list[Message]:
    async with serving(detection=detection) as address, client(address, "?partials=false") as ws:
        await ws.send(audio)
        await send(ws, "stop")
        return await receive_all(ws)


def without_ready(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message["type"] not in ("ready", "acknowledged")]


def told(messages: list[Message]) -> list[Message]:
    """What is told of each utterance; when the engine is ready with a final is not to the point."""
    numberless = [
        {name: value for name, value in message.items() if name != "seq"}
        for message in without_ready(messages)
    ]
    return sorted(numberless, key=lambda message: (message.get("utterance", 99), message["type"]))


async def metrics(address: str) -> str:
    return (await get(address, "/metrics"))[2].decode()


async def until_told(address: str, line: str) -> None:
    async with asyncio.timeout(20):
        while True:
            if line in await metrics(address):
                return
            await asyncio.sleep(0.05)


def bearer(key: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {key}"}}


async def suspend(address: str, key: str) -> str:
    """Open a session and drop it; returns its id."""
    async with client(address, **bearer(key)) as ws:
        session: str = (await receive(ws))["session"]
        await drop(ws)
    return session
