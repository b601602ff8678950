"""The native protocol over a real socket, message by message."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from engines import CountingEngine
from servers import client, of_type, receive, receive_all, receive_until, send, serving
from sounds import pcm, silence, two_utterances, voice
from websockets.asyncio.client import ClientConnection


async def test_a_stream_from_start_to_done() -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start", language="de")
        await ws.send(pcm(two_utterances()))
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[0]["type"] == "ready"
    usage = sum(final["usage_s"] for final in of_type(messages, "final"))
    assert usage > 0
    assert messages[-1] == {
        "type": "done",
        "seq": len(messages) - 1,
        "audio": 5.3,
        "utterances": 2,
        "usage_s": pytest.approx(usage, abs=1e-6),
    }
    assert [message["seq"] for message in messages] == list(range(len(messages)))
    finals = of_type(messages, "final")
    assert [(final["utterance"], final["language"]) for final in finals] == [(0, "de"), (1, "de")]
    assert all(final["text"].startswith("word0 word1") for final in finals)
    assert ws.close_code == 1000


async def test_ready_tells_what_is_in_force() -> None:
    async with serving() as address, client(address, "?sample_rate=8000&channels=2") as ws:
        await send(ws, "start", sample_rate=48000)
        ready = await receive(ws)
    assert ready["model"] == "counting"
    assert ready["languages"] == ["en", "de"]
    assert ready["settings"]["channels"] == 2
    assert ready["settings"]["sample_rate"] == 48000, "the message wins over the query"
    assert ready["limits"]["max_frame_bytes"] == 1_048_576


async def test_a_client_that_waits_for_ready_gets_it_and_may_start_afterwards() -> None:
    async with serving() as address, client(address) as ws:
        assert (await receive(ws))["settings"]["language"] == "en"
        await send(ws, "start", language="de")
        assert (await receive(ws))["settings"]["language"] == "de"


async def test_two_channels_are_one_ordered_and_labelled_conversation() -> None:
    agent = np.concatenate([silence(0.3), voice(6.0), silence(3.0)])
    customer = np.concatenate([silence(1.5), voice(1.0), silence(2.0), voice(1.0), silence(3.8)])
    stereo = np.stack([agent, customer], axis=1)

    async def heard(query: str) -> list[tuple[str, float]]:
        async with serving() as address, client(address, f"?channels=2&{query}") as ws:
            await ws.send(pcm(stereo))
            await send(ws, "stop")
            finals = of_type(await receive_all(ws), "final")
        return [(final["label"], final["start"]) for final in finals]

    as_they_come = await heard("labels=agent,customer")
    ordered = await heard("labels=agent,customer&ordered=true")
    assert [label for label, _ in as_they_come] == ["customer", "customer", "agent"]
    assert [label for label, _ in ordered] == ["agent", "customer", "customer"]
    assert sorted(as_they_come, key=lambda final: final[1]) == ordered


async def test_audio_may_come_first() -> None:
    async with serving() as address, client(address, "?encoding=mulaw&sample_rate=8000") as ws:
        await ws.send(bytes(range(256)) * 40)
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[0]["settings"]["encoding"] == "mulaw"
    assert messages[-1]["audio"] == pytest.approx(1.28, abs=0.001)


async def test_flush_closes_now_and_is_answered_with_its_id() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "flush", id="here")
        messages = await receive_until(ws, "flushed")
    assert messages[-1]["id"] == "here"
    assert of_type(messages, "final")[0]["reason"] == "flush"


async def test_configure_changes_the_next_utterance() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
        await receive_until(ws, "final")
        await send(ws, "configure", language="de", partials=False)
        await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
        messages = await receive_until(ws, "final")
    assert messages[-1]["language"] == "de"
    assert of_type(messages, "partial") == []


async def test_frames_without_bytes_change_nothing() -> None:
    async with serving() as address, client(address) as ws:
        for piece in (b"", pcm(voice(1.0)), b"", b""):
            await ws.send(piece)
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["audio"] == 1.0


async def test_stop_twice_and_audio_after_stop_are_harmless() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        await send(ws, "stop")
        await ws.send(pcm(voice(1.0)))
        await receive_until(ws, "warning")
        engine.may_run.set()
        messages = await receive_all(ws)
    assert [message["type"] for message in messages] == ["final", "done"]
    assert messages[-1]["audio"] == 1.0


async def test_a_file_ahead_of_the_engine_is_told_and_read_as_fast_as_it_is_done() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        data = pcm(np.tile(np.concatenate([voice(4.0), silence(1.0)]), 40))
        sending = asyncio.create_task(_send_in_pieces(ws, data))
        (warning,) = of_type(await receive_until(ws, "warning"), "warning")
        assert warning["code"] == "audio_ahead"
        engine.may_run.set()
        await sending
        messages = await receive_all(ws)
    assert messages[-1]["utterances"] == 40
    assert len(of_type(messages, "final")) == 40


async def _send_in_pieces(ws: ClientConnection, data: bytes) -> None:
    for at in range(0, len(data), 65_536):
        await ws.send(data[at : at + 65_536])
    await send(ws, "stop")


async def test_two_channels_are_told_apart() -> None:
    both = np.stack([np.concatenate([voice(1.0), silence(2.0)]), silence(3.0)]).T.reshape(-1)
    async with serving() as address, client(address, "?channels=2") as ws:
        await ws.send(pcm(both)[:60_000])
        await ws.send(pcm(both)[60_000:120_001])
        await ws.send(pcm(both)[120_001:])
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert {final["channel"] for final in of_type(messages, "final")} == {0}
    assert messages[-1]["audio"] == 3.0


async def test_a_silent_client_is_ended_after_its_finals() -> None:
    async with serving(idle_timeout_s=0.3) as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        messages = await receive_all(ws)
    assert [message["type"] for message in messages[-2:]] == ["final", "error"]
    assert (messages[-1]["code"], messages[-1]["fatal"]) == ("idle_timeout", True)
    assert ws.close_code == 1008


async def test_a_sign_of_life_keeps_a_silent_client() -> None:
    async with serving(idle_timeout_s=0.4) as address, client(address) as ws:
        for _ in range(6):
            await asyncio.sleep(0.15)
            await send(ws, "keepalive")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"


async def test_waiting_for_finals_is_not_idleness() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine, idle_timeout_s=0.2) as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        await asyncio.sleep(0.6)
        engine.may_run.set()
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"


async def test_an_engine_fault_is_tried_again_then_told() -> None:
    engine = CountingEngine()
    engine.failures = 2
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        for _ in range(2):
            await ws.send(pcm(voice(1.0)))
            await send(ws, "flush", id="now")
        await send(ws, "stop")
        messages = await receive_all(ws)
    texts = [final["text"] for final in of_type(messages, "final")]
    assert texts[0] == ""
    assert texts[1] != ""
    (error,) = of_type(messages, "error")
    assert (error["code"], error["utterance"]) == ("engine_failed", 0)
    assert messages[-1]["type"] == "done"
