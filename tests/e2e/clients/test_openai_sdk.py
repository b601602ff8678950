"""The unchanged SDK of OpenAI, its Realtime transcription, against a real server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from e2e.clients.speech import is_heard, speech, spoken
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from servers import serving
from sounds import Samples, pcm
from websockets.exceptions import InvalidStatus

from streamer.engines.base import Engine

COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"
SERVER_VAD = {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": 500}


@asynccontextmanager
async def talking(
    address: str, key: str = "secret", **audio_input: Any
) -> AsyncGenerator[AsyncRealtimeConnection]:
    async with (
        AsyncOpenAI(api_key=key, base_url=f"http://{address}/v1") as client,
        client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
    ):
        asked: Any = {
            "type": "transcription",
            "audio": {
                "input": {
                    "transcription": {"model": "gpt-4o-transcribe", "language": "en"},
                    "noise_reduction": {"type": "near_field"},
                    **audio_input,
                }
            },
        }
        await connection.session.update(session=asked)
        yield connection


async def say(connection: AsyncRealtimeConnection, data: bytes, bytes_a_second: int) -> None:
    async for piece in spoken(data, bytes_a_second):
        await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())


async def events_to(connection: AsyncRealtimeConnection, kind: str) -> list[Any]:
    events: list[Any] = []
    async with asyncio.timeout(30):
        while not events or events[-1].type != kind:
            events.append(await connection.recv())
    return events


def mulaw(samples: Samples) -> bytes:
    """G.711 by its formula, nearly: the logarithm itself, not its eight straight pieces."""
    magnitude = np.log1p(255 * np.abs(samples)) / np.log(256)
    code = np.clip(magnitude * 128, 0, 127).astype(np.uint8) | np.where(samples < 0, 0, 0x80)
    return (~code).astype(np.uint8).tobytes()


async def test_the_server_detects_turns(engine: Engine) -> None:
    form = {"type": "audio/pcm", "rate": 24_000}
    async with (
        serving(engine, api_keys=["secret"]) as address,
        talking(address, format=form, turn_detection=SERVER_VAD) as connection,
    ):
        speaking = asyncio.create_task(say(connection, pcm(speech(24_000)), 48_000))
        events = await events_to(connection, COMPLETED)
        await speaking
    assert [event.type for event in events[:3]] == [
        "session.created",
        "session.updated",
        "input_audio_buffer.speech_started",
    ]
    assert events[1].session.audio.input.turn_detection.silence_duration_ms == 500
    assert is_heard(events[-1].transcript)
    deltas = [event.delta for event in events if event.type == DELTA]
    assert deltas
    assert "".join(deltas) == events[-1].transcript
    assert events[-1].usage.seconds == pytest.approx(4, abs=1)


async def test_the_client_commits(engine: Engine) -> None:
    async with (
        serving(engine, api_keys=["secret"]) as address,
        talking(address, format={"type": "audio/pcmu"}, turn_detection=None) as connection,
    ):
        speaking = asyncio.create_task(say(connection, mulaw(speech(8_000)), 8_000))
        await speaking
        await connection.input_audio_buffer.commit()
        events = await events_to(connection, COMPLETED)
    kinds = [event.type for event in events]
    assert kinds.count("input_audio_buffer.committed") == 1
    assert "input_audio_buffer.speech_started" not in kinds
    assert is_heard(events[-1].transcript)


async def test_a_wrong_key_is_refused_before_the_upgrade(engine: Engine) -> None:
    async with serving(engine, api_keys=["secret"]) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with talking(address, "wrong"):
                pass
    assert refused.value.response.status_code == 401
