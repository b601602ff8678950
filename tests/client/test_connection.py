"""The Python client against a real server."""

from __future__ import annotations

import pytest
from engines import CountingEngine
from servers import serving
from sounds import pcm, voice

from streamer.client import StreamError, open_stream
from streamer.protocols.native.messages import Done, Error, Final, Flushed, Ready


async def test_audio_goes_in_and_typed_messages_come_out() -> None:
    async with serving() as address, open_stream(f"ws://{address}", language="de") as stream:
        await stream.send(pcm(voice(1.0)))
        await stream.flush("half")
        await stream.configure(language="en")
        await stream.keepalive()
        await stream.send(pcm(voice(1.0)))
        await stream.stop()
        messages = [message async for message in stream]
    assert isinstance(messages[0], Ready)
    assert isinstance(messages[-1], Done)
    finals = [message for message in messages if isinstance(message, Final)]
    assert [final.language for final in finals] == ["de", "en"]
    assert [message.id for message in messages if isinstance(message, Flushed)] == ["half"]


async def test_a_refused_setting_is_a_message_and_then_the_end() -> None:
    async with serving() as address, open_stream(f"ws://{address}", language="xx") as stream:
        messages = aiter(stream)
        error = await anext(messages)
        assert isinstance(error, Error)
        assert error.setting == "language"
        with pytest.raises(StreamError, match="1008"):
            await anext(messages)


async def test_a_refused_connection_says_why() -> None:
    async with serving(api_keys=["k"]) as address:
        with pytest.raises(StreamError, match="HTTP 401: an API key is needed"):
            async with open_stream(f"ws://{address}"):
                pass


@pytest.mark.parametrize("url", ["http://127.0.0.1", "nonsense", "ws://127.0.0.1:9"])
async def test_an_address_where_nobody_answers_is_told(url: str) -> None:
    with pytest.raises(StreamError, match=url):
        async with open_stream(url):
            pass


async def test_a_server_that_goes_away_is_told() -> None:
    async with serving(CountingEngine()) as address:
        stream_context = open_stream(f"ws://{address}")
        stream = await stream_context.__aenter__()
        await stream.send(pcm(voice(0.5)))
    with pytest.raises(StreamError, match="closed"):
        async for _ in stream:
            pass
    with pytest.raises(StreamError, match="closed"):
        await stream.send(b"")
