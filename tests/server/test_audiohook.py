"""AudioHook through a real server, with a client as strict as Genesys' own."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest
from audiohook_client import KEY, AudioHookClient, audiohook
from phone import mulaw
from servers import serving
from sounds import Samples, silence, voice
from websockets.exceptions import ConnectionClosed, InvalidStatus

SECRET = b"MySuperSecretKey"

CUSTOMER = np.concatenate([silence(0.5), voice(1.5), silence(3.0)])
AGENT = np.concatenate([silence(2.5), voice(1.2, seed=3), silence(1.3)])


def stereo(left: Samples, right: Samples) -> bytes:
    return np.stack([mulaw(left), mulaw(right)], axis=1).tobytes()


def offsets(client: AudioHookClient) -> list[tuple[str, float]]:
    return [(one["channelId"], float(one["offset"][2:-1])) for one in client.transcripts]


async def test_a_call_with_both_sides() -> None:
    async with serving() as address, audiohook(address) as client:
        opened = await client.open()
        await client.ping()
        await client.stream(stereo(CUSTOMER, AGENT))
        await client.close()
    assert opened["parameters"] == {
        "media": [
            {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
        ],
        "startPaused": False,
    }
    assert offsets(client) == [
        ("external", pytest.approx(0.5, abs=0.3)),
        ("internal", pytest.approx(2.5, abs=0.3)),
    ]
    (said,) = client.transcripts[0]["alternatives"]
    (shown,) = said["interpretations"]
    assert shown["transcript"].startswith("word0 word1")
    assert [token["value"] for token in shown["tokens"]] == shown["transcript"].split()


async def test_close_waits_for_the_last_word() -> None:
    async with serving() as address, audiohook(address) as client:
        await client.open()
        await client.stream(stereo(voice(2.0), silence(2.0)))  # no silence at the end
        await client.close()
    assert [channel for channel, _ in offsets(client)] == ["external"]


async def test_the_probe_of_a_new_integration() -> None:
    async with serving() as address, audiohook(address) as client:
        opened = await client.open(probe=True, supportedLanguages=True)
        await client.ping()
        await client.close()
    assert opened["parameters"]["supportedLanguages"] == ["en", "de"]


async def test_one_side_alone() -> None:
    async with serving() as address, audiohook(address) as client:
        await client.open(["internal"])
        await client.stream(mulaw(CUSTOMER).tobytes())
        await client.close()
    assert [channel for channel, _ in offsets(client)] == ["internal"]


async def test_times_go_on_after_a_pause() -> None:
    async with serving() as address, audiohook(address) as client:
        await client.open(["external"])
        await client.stream(mulaw(voice(1.5)).tobytes())
        await client.send("paused")
        await client.send("resumed", start="PT1.5S", discarded="PT60S")
        await client.stream(mulaw(voice(1.5, seed=3)).tobytes())
        await client.close()
    assert offsets(client) == [
        ("external", pytest.approx(0, abs=0.3)),
        ("external", pytest.approx(61.5, abs=0.3)),
    ]


async def test_a_key_is_needed_where_keys_are_set() -> None:
    async with serving(api_keys=[KEY]) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with audiohook(address, key="another"):
                pass
        assert refused.value.response.status_code == 401
        async with audiohook(address) as client:
            await client.open()
            await client.close()


async def test_a_signature_is_needed_where_a_secret_is_set() -> None:
    secret = base64.b64encode(SECRET).decode()
    async with serving(api_keys=[KEY], audiohook_secret=secret) as address:
        for wrong in (None, b"another"):
            with pytest.raises(InvalidStatus) as refused:
                async with audiohook(address, secret=wrong):
                    pass
            assert refused.value.response.status_code == 401
        async with audiohook(address, secret=SECRET) as client:
            await client.open()
            await client.stream(stereo(CUSTOMER, AGENT))
            await client.close()
    assert len(client.transcripts) == 2


async def test_a_client_that_falls_silent_is_told_so() -> None:
    async with serving(idle_timeout_s=0.2) as address, audiohook(address) as client:
        await client.open()
        told = await client.receive()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(client.receive(), 20)
    assert (told["type"], told["parameters"]["reason"]) == ("disconnect", "error")
    assert "0.2 seconds" in told["parameters"]["info"]
