"""A real server on loopback for tests, and a client that says what it means."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from engines import CountingEngine
from httpx import Headers
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from streamer.decoding.step_engine import StepEngine
from streamer.engines.base import Engine
from streamer.engines.local import LocalEngine
from streamer.pipeline.detection import VoiceDetection
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings
from streamer.turns.models.base import TurnModel

Message = dict[str, Any]


def local(engine: StepEngine | Engine) -> Engine:
    """Give an engine that is stepped a thread of its own."""
    if hasattr(engine, "submit"):
        return cast("Engine", engine)
    return LocalEngine(cast("StepEngine", engine))


@asynccontextmanager
async def running(
    engine: StepEngine | Engine | None = None,
    turn_model: TurnModel | None = None,
    detection: VoiceDetection | None = None,
    **settings: Any,
) -> AsyncGenerator[TranscriptionServer]:
    """Serve on a free port of loopback."""
    chosen = Settings(port=0, **settings)
    server = TranscriptionServer(chosen, local(engine or CountingEngine()), turn_model, detection)
    async with server:
        yield server


@asynccontextmanager
async def serving(
    engine: StepEngine | Engine | None = None,
    turn_model: TurnModel | None = None,
    detection: VoiceDetection | None = None,
    **settings: Any,
) -> AsyncGenerator[str]:
    """Serve on a free port of loopback; yields the address without a scheme."""
    async with running(engine, turn_model, detection, **settings) as server:
        host, port = server.address
        yield f"{host}:{port}"


@asynccontextmanager
async def client(address: str, query: str = "", **options: Any) -> AsyncGenerator[ClientConnection]:
    url = f"ws://{address}/v1/stream{query}"
    async with connect(url, compression=None, max_size=None, **options) as ws:
        yield ws


async def receive(ws: ClientConnection) -> Message:
    async with asyncio.timeout(10):
        return json.loads(await ws.recv())


async def receive_until(ws: ClientConnection, kind: str) -> list[Message]:
    """Receive messages up to and with the first of this type."""
    messages = [await receive(ws)]
    while messages[-1]["type"] != kind:
        messages.append(await receive(ws))
    return messages


async def receive_all(ws: ClientConnection) -> list[Message]:
    """Receive until the server closes, for whatever reason."""
    messages: list[Message] = []
    with contextlib.suppress(ConnectionClosedError):
        async with asyncio.timeout(20):
            async for text in ws:
                messages.append(json.loads(text))  # noqa: PERF401 - keeps what came before an error
    return messages


async def send(ws: ClientConnection, kind: str, **fields: Any) -> None:
    await ws.send(json.dumps({"type": kind, **fields}))


def of_type(messages: list[Message], kind: str) -> list[Message]:
    return [message for message in messages if message["type"] == kind]


async def get(address: str, path: str, **headers: str) -> tuple[int, Headers, bytes]:
    """Make a plain HTTP request; returns status, headers and body."""

    def fetch() -> tuple[int, Headers, bytes]:
        try:
            with urlopen(Request(f"http://{address}{path}", headers=headers), timeout=10) as answer:
                return answer.status, Headers(answer.headers.items()), answer.read()
        except HTTPError as error:
            with error:
                return error.code, Headers(error.headers.items()), error.read()

    return await asyncio.to_thread(fetch)
