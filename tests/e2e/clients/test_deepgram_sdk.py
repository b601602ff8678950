"""The unchanged SDK of Deepgram against a real server with the demonstration model."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from e2e.clients.speech import is_heard, speech, spoken
from servers import serving
from sounds import pcm

from streamer.engines.base import Engine

# The SDK still asks the websockets library for what that has given other names.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")

OPTIONS: dict[str, Any] = {
    "model": "nova-3",
    "language": "en-US",
    "encoding": "linear16",
    "sample_rate": "16000",
    "interim_results": "true",
    "punctuate": "true",
    "smart_format": "true",
    "vad_events": "true",
    "endpointing": "300",
    "utterance_end_ms": "500",
    "keyterm": ["streamer", "billing"],
}


def sdk(address: str, key: str = "secret") -> AsyncDeepgramClient:
    http, ws = f"http://{address}", f"ws://{address}"
    places = DeepgramClientEnvironment(base=http, production=ws, agent=ws, agent_rest=http)
    return AsyncDeepgramClient(api_key=key, environment=places)


async def heard(address: str, data: bytes, bytes_a_second: int, **options: Any) -> list[Any]:
    """Speak to the server through the SDK; returns everything that it hands out.

    After two seconds an interim result is waited for, however busy the machine.
    """
    interim = asyncio.Event()
    messages: list[Any] = []
    async with sdk(address).listen.v1.connect(**{**OPTIONS, **options}) as connection:

        async def speak() -> None:
            await connection.send_keep_alive()
            sent = 0
            async for piece in spoken(data, bytes_a_second):
                await connection.send_media(piece)
                sent += len(piece)
                if sent >= 2 * bytes_a_second:
                    await interim.wait()
            await connection.send_finalize()
            await connection.send_close_stream()

        speaking = asyncio.create_task(speak())
        async with asyncio.timeout(40):
            async for message in connection:
                assert not isinstance(message, bytes)
                messages.append(message)
                if message.type == "Results":
                    interim.set()
        await speaking
    return messages


def finals(messages: list[Any]) -> list[Any]:
    return [one for one in messages if one.type == "Results" and one.is_final]


async def test_a_stream_of_speech(engine: Engine) -> None:
    async with serving(engine, api_keys=["secret"]) as address:
        messages = await heard(address, pcm(speech()), 32_000)
    text, nothing = finals(messages)
    alternative = text.channel.alternatives[0]
    assert is_heard(alternative.transcript)
    assert text.speech_final
    assert [word.punctuated_word for word in alternative.words] == alternative.transcript.split()
    starts = [word.start for word in alternative.words]
    assert starts == sorted(starts)
    assert alternative.words[-1].end <= text.start + text.duration + 0.001
    assert nothing.from_finalize
    kinds = [one.type for one in messages]
    assert kinds[0] == "SpeechStarted"
    assert kinds.count("Results") > 2, "interim results among them"
    assert kinds[-3:] == ["UtteranceEnd", "Results", "Metadata"]
    assert messages[-1].duration == pytest.approx(5.5)


async def test_two_channels_at_once(engine: Engine) -> None:
    one = speech()
    both = np.stack([one, np.zeros_like(one)]).T.reshape(-1)
    async with serving(engine, api_keys=["secret"]) as address:
        messages = await heard(address, pcm(both), 64_000, channels="2", multichannel="true")
    texts = {tuple(final.channel_index) for final in finals(messages) if not final.from_finalize}
    assert texts == {(0, 2)}
    assert messages[-1].channels == 2


async def test_a_wrong_key_is_an_error_of_the_sdk(engine: Engine) -> None:
    async with serving(engine, api_keys=["secret"]) as address:
        with pytest.raises(ApiError) as refused:
            async with sdk(address, "wrong").listen.v1.connect(**OPTIONS):
                pass
    assert refused.value.status_code == 401
