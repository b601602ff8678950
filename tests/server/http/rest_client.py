"""A REST server on loopback, and the openai package that asks it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import soundfile
from engines import CountingEngine
from openai import AsyncOpenAI
from servers import running
from sounds import Samples, two_utterances

from streamer.server.server import TranscriptionServer

TEXT = "word0 word1 word2 word3 word4"


def recording(
    samples: Samples | None = None, kind: str = "WAV", rate: int = 16_000
) -> tuple[str, bytes]:
    """A file as a client uploads it."""
    file = io.BytesIO()
    soundfile.write(file, two_utterances() if samples is None else samples, rate, format=kind)
    return f"audio.{kind.lower()}", file.getvalue()


def address(server: TranscriptionServer) -> str:
    host, port = server.address
    return f"{host}:{port}"


@asynccontextmanager
async def asking(
    engine: CountingEngine | None = None, key: str = "none", **settings: Any
) -> AsyncGenerator[tuple[AsyncOpenAI, TranscriptionServer]]:
    async with (
        running(engine, **settings) as server,
        AsyncOpenAI(
            base_url=f"http://{address(server)}/v1", api_key=key, max_retries=0, timeout=20
        ) as client,
    ):
        yield client, server


async def post(server: TranscriptionServer, head: bytes, body: bytes = b"") -> bytes:
    """Send a request as it is; returns everything that came back."""
    reader, writer = await asyncio.open_connection(*address(server).split(":"))
    writer.write(b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\n" + head + body)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer
