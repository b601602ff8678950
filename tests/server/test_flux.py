"""Deepgram's Flux over a real socket."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest
from servers import Message, receive_all, send, serving
from sounds import pcm, silence, voice
from toy_turns import ToyTurnModel
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

PLAIN = "model=flux-general-en&encoding=linear16&sample_rate=16000"


def flux(
    address: str, query: str = PLAIN, **options: Any
) -> AbstractAsyncContextManager[ClientConnection]:
    return connect(f"ws://{address}/v2/listen?{query}", compression=None, **options)


async def until(ws: ClientConnection, event: str) -> list[Message]:
    """Receive messages up to and with the first that tells this event."""
    messages: list[Message] = [json.loads(await ws.recv())]
    while messages[-1].get("event") != event:
        messages.append(json.loads(await ws.recv()))
    return messages


async def test_turns_with_a_model_from_connected_to_the_close() -> None:
    eager = PLAIN + "&eager_eot_threshold=0.5"
    async with serving(turn_model=ToyTurnModel(0.9)) as address, flux(address, eager) as ws:
        await ws.send(pcm(np.concatenate([voice(1.5), silence(0.4)])))
        messages = await until(ws, "EagerEndOfTurn")
        await ws.send(pcm(silence(0.5)))
        messages += await until(ws, "EndOfTurn")
        assert messages[-1]["transcript"] == messages[-2]["transcript"] != ""
        assert messages[-1]["trigger"] == "model"
        await ws.send(pcm(voice(1.5)))
        await send(ws, "CloseStream")
        messages += await receive_all(ws)
    assert messages[0]["type"] == "Connected"
    assert [one["sequence_id"] for one in messages] == list(range(len(messages)))
    ends = [one for one in messages if one.get("event") == "EndOfTurn"]
    assert [(one["turn_index"], one["trigger"]) for one in ends] == [(0, "model"), (1, "manual")]
    assert ws.close_code == 1000


async def test_without_a_model_turns_end_all_the_same() -> None:
    async with serving() as address, flux(address) as ws:
        await ws.send(pcm(np.concatenate([voice(1.5), silence(1.5)])))
        messages = await until(ws, "EndOfTurn")
    assert messages[1]["code"] == "TURN_MODEL_ABSENT"
    assert messages[-1]["transcript"]


@pytest.mark.parametrize("query", ["", PLAIN + "&eot_threshold=1.01", PLAIN + "&redact=pii"])
async def test_what_cannot_be_honoured_is_refused_before_the_upgrade(query: str) -> None:
    async with serving() as address:
        with pytest.raises(InvalidStatus) as refused:
            async with flux(address, query):
                pass
    response = refused.value.response
    assert response.status_code == 400
    assert json.loads(response.body)["err_code"] == "Bad Request"


async def test_keys_come_in_a_header_or_as_a_subprotocol() -> None:
    async with serving(api_keys=["secret"]) as address:
        header = {"Authorization": "Token secret"}
        async with flux(address, additional_headers=header) as ws:
            assert json.loads(await ws.recv())["type"] == "Connected"
        offered = [Subprotocol("token"), Subprotocol("secret")]
        async with flux(address, subprotocols=offered) as ws:
            assert json.loads(await ws.recv())["type"] == "Connected"
        with pytest.raises(InvalidStatus) as refused:
            async with flux(address, additional_headers={"Authorization": "Token wrong"}):
                pass
    assert refused.value.response.status_code == 401
