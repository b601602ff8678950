"""OpenAI's Realtime transcription over a real socket."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest
from engines import CountingEngine
from servers import Message, of_type, receive, receive_all, receive_until, send, serving
from sounds import Samples, pcm, silence, voice
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from streamer.engines.local import LocalEngine
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"


def talk(
    address: str, query: str = "?intent=transcription", **options: Any
) -> AbstractAsyncContextManager[ClientConnection]:
    return connect(f"ws://{address}/v1/realtime{query}", compression=None, **options)


async def append(ws: ClientConnection, samples: Samples) -> None:
    """Send samples, whatever their rate, in pieces that are not whole samples."""
    data = pcm(samples)
    for at in range(0, len(data), 65_535):
        audio = base64.b64encode(data[at : at + 65_535]).decode()
        await send(ws, "input_audio_buffer.append", audio=audio)


async def update(ws: ClientConnection, **audio_input: Any) -> Message:
    session = {"type": "transcription", "audio": {"input": audio_input}}
    await send(ws, "session.update", session=session)
    return (await receive_until(ws, "session.updated"))[-1]


PCM_16K = {"type": "audio/pcm", "rate": 16_000}


@pytest.mark.parametrize("query", ["", "?intent=transcription&model=stub", "?model=stub"])
async def test_the_server_speaks_first_whatever_the_query(query: str) -> None:
    async with serving() as address, talk(address, query) as ws:
        assert (await receive(ws))["type"] == "session.created"


async def test_speech_becomes_items_by_turn_detection() -> None:
    async with serving() as address, talk(address) as ws:
        await update(ws, format=PCM_16K)
        await append(ws, np.concatenate([silence(0.5), voice(1.5), silence(1.0)]))
        messages = await receive_until(ws, COMPLETED)
    kinds = [one["type"] for one in messages if one["type"] != DELTA]
    assert kinds == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        COMPLETED,
    ]
    assert len({one.get("item_id", one.get("item", {}).get("id")) for one in messages}) == 1
    deltas = "".join(one["delta"] for one in of_type(messages, DELTA))
    assert deltas == messages[-1]["transcript"] != ""


async def test_without_turn_detection_only_the_client_commits_and_pieces_are_joined() -> None:
    async with serving() as address, talk(address) as ws:
        await update(ws, format=PCM_16K, turn_detection=None)
        spoken = np.concatenate([voice(2.0), silence(2.0)])
        await append(ws, np.tile(spoken, 11))  # 44 s: more than the model hears at a time
        await send(ws, "input_audio_buffer.commit")
        messages = await receive_until(ws, COMPLETED)
    assert len(of_type(messages, "input_audio_buffer.committed")) == 1
    assert of_type(messages, "input_audio_buffer.speech_started") == []
    assert messages[-1]["usage"]["seconds"] == pytest.approx(44, abs=0.03)
    words = messages[-1]["transcript"].split()
    assert words.count("word0") == 2, "the counting engine begins to count with each piece"
    assert len(words) == pytest.approx(44 * 3, abs=2)


async def test_a_format_may_change_in_mid_stream_and_nothing_is_lost() -> None:
    async with serving() as address, talk(address) as ws:
        await update(ws, format=PCM_16K)
        await append(ws, np.concatenate([silence(0.5), voice(1.5)]))
        await send(
            ws,
            "session.update",
            session={"audio": {"input": {"format": {"type": "audio/pcm", "rate": 48_000}}}},
        )
        before = await receive_until(ws, "session.updated")
        assert len(of_type(before, COMPLETED)) == 1
        await append(ws, np.repeat(np.concatenate([silence(0.5), voice(1.5), silence(1.0)]), 3))
        after = await receive_until(ws, COMPLETED)
    (started,) = of_type(after, "input_audio_buffer.speech_started")
    assert started["audio_start_ms"] == pytest.approx(2200, abs=60)
    assert after[-1]["item_id"] != of_type(before, COMPLETED)[0]["item_id"]


async def test_a_server_that_goes_away_in_the_middle_of_a_change_still_tells_finals() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with TranscriptionServer(
        Settings(port=0, drain_timeout_s=0), LocalEngine(engine)
    ) as server:
        host, port = server.address
        async with talk(f"{host}:{port}") as ws:
            await update(ws, format=PCM_16K, turn_detection=None)
            await append(ws, voice(0.5))
            session = {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}
            await send(ws, "session.update", session=session)
            await receive_until(ws, "input_audio_buffer.committed")
            draining = asyncio.create_task(server.drain())
            await asyncio.sleep(0.05)
            engine.may_run.set()
            messages = await receive_all(ws)
            await draining
    assert [one["transcript"] for one in of_type(messages, COMPLETED)] == ["word0"]
    assert ws.close_code == 1012


async def test_an_item_that_the_engine_fails_on_is_told_and_the_session_goes_on() -> None:
    engine = CountingEngine()
    engine.failures = 2
    async with serving(engine) as address, talk(address) as ws:
        await update(ws, format=PCM_16K, turn_detection=None)
        await append(ws, voice(0.5))
        await send(ws, "input_audio_buffer.commit")
        failed = "conversation.item.input_audio_transcription.failed"
        assert (await receive_until(ws, failed))[-1]["error"]["type"] == "server_error"
        await append(ws, voice(0.5))
        await send(ws, "input_audio_buffer.commit")
        assert (await receive_until(ws, COMPLETED))[-1]["transcript"] == "word0"


@pytest.mark.parametrize(
    ("authorization", "offered"),
    [("Bearer secret", []), (None, ["realtime", "openai-insecure-api-key.secret"])],
)
async def test_a_key_comes_in_a_header_or_as_a_subprotocol_which_is_not_sent_back(
    authorization: str | None, offered: list[str]
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    subprotocols = [Subprotocol(one) for one in offered] or None
    async with (
        serving(api_keys=["secret"]) as address,
        talk(address, additional_headers=headers, subprotocols=subprotocols) as ws,
    ):
        assert ws.subprotocol == ("realtime" if offered else None)


async def test_without_the_key_nobody_is_let_in() -> None:
    async with serving(api_keys=["secret"]) as address:
        with pytest.raises(InvalidStatus) as answer:
            async with talk(address):
                pass
    assert answer.value.response.status_code == 401
    assert json.loads(answer.value.response.body)["error"]["code"] == "invalid_api_key"


async def test_a_muted_microphone_does_not_end_the_session() -> None:
    async with serving(idle_timeout_s=0.1) as address, talk(address) as ws:
        await asyncio.sleep(0.5)
        assert (await update(ws))["type"] == "session.updated"
