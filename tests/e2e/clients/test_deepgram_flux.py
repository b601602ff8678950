"""The unchanged SDK of Deepgram as a client of Flux, with the demonstration model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from deepgram.core.api_error import ApiError
from e2e.clients.speech import is_heard, speech, spoken
from e2e.clients.test_deepgram_sdk import sdk
from servers import serving
from sounds import pcm
from toy_turns import ToyTurnModel

from streamer.engines.base import Engine

# The SDK still asks the websockets library for what that has given other names.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

OPTIONS: dict[str, Any] = {
    "model": "flux-general-en",
    "encoding": "linear16",
    "sample_rate": "16000",
    "eager_eot_threshold": "0.5",
    "eot_threshold": "0.8",
    "eot_timeout_ms": "5000",
    "tag": ["a"],
}


async def heard(address: str, **options: Any) -> list[Any]:
    """Speak to the server through the SDK; returns everything that it hands out."""
    messages: list[Any] = []
    async with sdk(address).listen.v2.connect(**{**OPTIONS, **options}) as connection:

        async def speak() -> None:
            await connection.send_configure(
                {"type": "Configure", "thresholds": {"eot_threshold": 0.7}}
            )
            async for piece in spoken(pcm(speech()), 32_000):
                await connection.send_media(piece)
            await connection.send_force_end_turn()
            await connection.send_close_stream()

        speaking = asyncio.create_task(speak())
        async with asyncio.timeout(40):
            async for message in connection:
                assert not isinstance(message, bytes)
                messages.append(message)
        await speaking
    return messages


async def test_a_turn_from_connected_to_its_end(engine: Engine) -> None:
    model = ToyTurnModel(0.9)
    async with serving(engine, turn_model=model, api_keys=["secret"]) as address:
        messages = await heard(address)
    assert messages[0].type == "Connected"
    (configured,) = [one for one in messages if one.type == "ConfigureSuccess"]
    assert configured.thresholds.eot_threshold == 0.7
    told = [one for one in messages if one.type == "TurnInfo"]
    assert told[0].event == "StartOfTurn"
    ends = [one for one in told if one.event == "EndOfTurn"]
    assert len(ends) == len([one for one in told if one.event == "StartOfTurn"])
    assert is_heard(" ".join(end.transcript for end in ends))
    assert all(len(end.words) == len(end.transcript.split()) for end in ends)
    assert [one.sequence_id for one in messages] == list(range(len(messages)))


async def test_a_threshold_that_flux_refuses_is_an_error_of_the_sdk(engine: Engine) -> None:
    wrong: dict[str, Any] = {**OPTIONS, "eot_threshold": "0.49"}
    async with serving(engine, api_keys=["secret"]) as address:
        with pytest.raises(ApiError) as refused:
            async with sdk(address).listen.v2.connect(**wrong):
                pass
    assert refused.value.status_code == 400
