"""Deepgram's live transcription over a real socket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import numpy as np
import pytest
from servers import of_type, receive, receive_all, receive_until, send, serving
from sounds import pcm, silence, two_utterances, voice
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

PLAIN = "encoding=linear16&sample_rate=16000"


def listen(
    address: str, query: str = PLAIN, **options: Any
) -> AbstractAsyncContextManager[ClientConnection]:
    return connect(f"ws://{address}/v1/listen?{query}", compression=None, **options)


async def test_a_stream_from_the_first_sample_to_metadata() -> None:
    query = PLAIN + "&interim_results=true&vad_events=true&utterance_end_ms=300&language=en-US"
    async with serving() as address, listen(address, query) as ws:
        await ws.send(pcm(two_utterances()))
        await send(ws, "CloseStream")
        messages = await receive_all(ws)
    finals = [one for one in of_type(messages, "Results") if one["is_final"]]
    assert len(finals) == len(of_type(messages, "SpeechStarted")) == 2
    assert [one["speech_final"] for one in finals] == [True, True]
    words = finals[0]["channel"]["alternatives"][0]["words"]
    assert finals[0]["start"] <= words[0]["start"] < words[-1]["end"]
    assert len(of_type(messages, "UtteranceEnd")) == 2
    assert messages[-1]["type"] == "Metadata"
    assert messages[-1]["duration"] == 5.3
    assert ws.close_code == 1000


async def test_interim_results_come_when_asked_for() -> None:
    async with serving() as address, listen(address, PLAIN + "&interim_results=true") as ws:
        await ws.send(pcm(voice(1.0)))
        first = await receive(ws)
        assert not first["is_final"]
        await send(ws, "Finalize")
        while not first["is_final"]:
            first = await receive(ws)
        assert first["from_finalize"]


async def test_finalize_is_answered_even_where_nothing_was_said() -> None:
    async with serving() as address, listen(address) as ws:
        await ws.send(pcm(silence(0.5)))
        await send(ws, "Finalize")
        (result,) = await receive_until(ws, "Results")
    assert (result["from_finalize"], result["start"]) == (True, 0.5)
    assert result["channel"]["alternatives"][0]["transcript"] == ""


async def test_channels_are_told_apart() -> None:
    both = np.stack([silence(2.0), np.concatenate([voice(1.0), silence(1.0)])]).T.reshape(-1)
    query = PLAIN + "&channels=2&multichannel=true"
    async with serving() as address, listen(address, query) as ws:
        await ws.send(pcm(both))
        await send(ws, "CloseStream")
        messages = await receive_all(ws)
    assert [one["channel_index"] for one in of_type(messages, "Results")] == [[1, 2]]
    assert messages[-1]["channels"] == 2


async def test_who_goes_silent_is_closed_upon_after_the_finals_and_keepalive_prevents_it() -> None:
    async with serving(idle_timeout_s=0.3) as address, listen(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "KeepAlive")
        messages = await receive_all(ws)
    assert [one["type"] for one in messages] == ["Results"]
    assert (ws.close_code, (ws.close_reason or "")[:8]) == (1011, "NET-0001")


async def refused(address: str, query: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as answer:
        async with listen(address, query, **options):
            pass
    return answer.value.response.status_code, json.loads(answer.value.response.body)


async def test_what_cannot_be_honoured_is_refused_in_its_words() -> None:
    async with serving() as address:
        status, error = await refused(address, "encoding=mp3&sample_rate=16000")
    assert (status, error["err_code"]) == (400, "Bad Request")
    assert error["err_msg"].startswith("encoding: is not supported; accepted: linear16")


@pytest.mark.parametrize(
    ("authorization", "offered"),
    [
        ("Token secret", []),
        ("Bearer secret", []),
        (None, ["token", "secret"]),
        (None, ["bearer", "secret"]),
    ],
)
async def test_a_key_comes_in_a_header_or_as_a_subprotocol_which_is_not_sent_back(
    authorization: str | None, offered: Sequence[str]
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    subprotocols = [Subprotocol(one) for one in offered] or None
    async with (
        serving(api_keys=["secret"]) as address,
        listen(address, additional_headers=headers, subprotocols=subprotocols) as ws,
    ):
        assert ws.subprotocol == (offered[0] if offered else None)


@pytest.mark.parametrize("offered", [[], ["token", "wrong"], ["secret", "token"]])
async def test_without_the_key_nobody_is_let_in(offered: Sequence[str]) -> None:
    subprotocols = [Subprotocol(one) for one in offered] or None
    async with serving(api_keys=["secret"]) as address:
        status, error = await refused(address, PLAIN, subprotocols=subprotocols)
    assert (status, error["err_code"]) == (401, "INVALID_AUTH")
