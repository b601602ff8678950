"""Turns that a model judges, over a real socket."""

from __future__ import annotations

import asyncio

import numpy as np
from servers import client, get, of_type, receive_all, receive_until, send, serving
from sounds import pcm, silence, voice
from toy_turns import ToyTurnModel

from streamer.protocols.native.dialect import TURN_MODEL_ABSENT

SPOKEN = pcm(np.concatenate([voice(1.5), silence(0.4)]))


async def test_the_model_says_that_a_turn_is_over() -> None:
    model = ToyTurnModel(0.9)
    async with serving(turn_model=model) as address, client(address, "?turn=auto") as ws:
        await ws.send(SPOKEN)
        (told,) = of_type(await receive_until(ws, "turn_paused"), "turn_paused")
        assert told["probability"] == 0.9
        await ws.send(pcm(silence(0.4)))
        (final,) = of_type(await receive_until(ws, "final"), "final")
        assert (final["text"], final["reason"]) == (told["text"], "turn")
        await send(ws, "configure", turn="silence")
        await ws.send(SPOKEN + pcm(silence(0.6)))
        messages = await receive_until(ws, "final")
        assert messages[-1]["reason"] == "silence"
        assert not of_type(messages, "turn_paused")
        _, _, body = await get(address, "/metrics")
    assert 'streamer_turn_asks_total{outcome="answered"} 1.0' in body.decode()


async def test_a_blocked_model_hangs_no_turn() -> None:
    model = ToyTurnModel(0.0)
    model.may_answer.clear()
    async with serving(turn_model=model) as address:
        for rule in ("auto", "fast", "patient"):
            async with client(address, f"?turn={rule}") as ws:
                await ws.send(SPOKEN + pcm(silence(1.0)))
                (final,) = of_type(await receive_until(ws, "final"), "final")
                assert final["reason"] == "silence"
                await send(ws, "stop")
                await receive_all(ws)
        model.may_answer.set()


async def test_who_comes_back_in_a_pause_gets_the_same_decision() -> None:
    model = ToyTurnModel(0.9)
    model.may_answer.clear()
    async with serving(turn_model=model) as address:
        async with client(address, "?turn=auto") as ws:
            (ready,) = await receive_until(ws, "ready")
            await ws.send(SPOKEN)
            while not model.asked:  # noqa: ASYNC110 - what threads tell has no event
                await asyncio.sleep(0.001)
            ws.transport.abort()
        query = f"?resume={ready['session']}&last_seq={ready['seq']}"
        async with client(address, query) as ws:
            await receive_until(ws, "ready")
            model.may_answer.set()
            await receive_until(ws, "turn_paused")
            await ws.send(pcm(silence(0.4)))
            (final,) = of_type(await receive_until(ws, "final"), "final")
    assert final["reason"] == "turn"


async def test_without_a_model_who_asks_for_one_is_warned_and_served_by_silence() -> None:
    async with serving() as address, client(address, "?turn=patient") as ws:
        ready, warning = await receive_until(ws, "warning")
        assert ready["settings"]["turn"] == "silence"
        assert ready["settings"]["endpoint_silence_ms"] == 600
        assert warning["code"] == TURN_MODEL_ABSENT
        assert "streamer models pull smart-turn" in warning["message"]
        await ws.send(SPOKEN + pcm(silence(0.5)))
        assert (await receive_until(ws, "final"))[-1]["reason"] == "silence"
        await send(ws, "configure", turn="auto")
        assert (await receive_until(ws, "warning"))[-1]["code"] == TURN_MODEL_ABSENT
