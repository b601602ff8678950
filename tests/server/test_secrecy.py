"""Logs hold no audio, no transcript and no key, even at debug level and when things go wrong."""

from __future__ import annotations

import asyncio
import base64
import logging
from pathlib import Path
from typing import Any

import pytest
from engines import CountingEngine
from servers import client, get, of_type, receive_all, receive_until, running, send
from sounds import pcm, voice
from websockets.exceptions import InvalidStatus

from streamer.server.admission.keys import digest, write_keys

KEY = "streamer_hunter2hunter2"
FIXED = "correct-horse-battery"
WRONG = "wrong-key-nobody-has"


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(name)s %(message)s %(args)s")
    ours = (record for record in caplog.records if record.name != "websockets.client")
    return "\n".join(map(formatter.format, ours))


async def test_nothing_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("streamer", "streamer.server.admission.refusals", "websockets", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    write_keys(tmp_path / "keys", {"anna": digest(KEY)})
    engine = CountingEngine()
    settings: dict[str, Any] = {
        "keys_file": tmp_path / "keys",
        "api_keys": [FIXED],
        "resume_window_s": 0.2,
    }
    audio = pcm(voice(1.0))
    async with running(engine, record=tmp_path / "rec", **settings) as server:
        host, port = server.address
        address = f"{host}:{port}"
        bearer = {"Authorization": f"Bearer {KEY}"}
        async with client(address, additional_headers=bearer) as ws:
            await ws.send(audio)
            await send(ws, "flush", id="x")
            heard = await receive_until(ws, "flushed")
            await ws.send('{"type":"flush","id":7}')
            await ws.send("nonsense " + base64.b64encode(audio[:3000]).decode())
            engine.failures = 2
            await ws.send(audio)
            await send(ws, "stop")
            messages = await receive_all(ws)
        async with client(address, f"?api_key={FIXED}") as ws:
            await receive_until(ws, "ready")
            await ws.send(audio)
            ws.transport.abort()
        for query in (f"?api_key={WRONG}", "", f"?api_key={KEY}&channels=0"):
            with pytest.raises(InvalidStatus):
                await client(address, query).__aenter__()
        assert (await get(address, f"/v1/stream?api_key={KEY}"))[0] == 426
        _, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /v1/stream?api_key={KEY} NONSENSE\r\n\r\n".encode())
        writer.close()
        await asyncio.sleep(0.2)
        await server.drain()
    assert "word0" in of_type(heard, "final")[0]["text"]
    assert of_type(messages, "error"), "the engine has failed, and said so"
    logged = everything_logged(caplog)
    for event in ("opened from", "refused", "the engine failed", "suspended", "draining"):
        assert event in logged, "the test sees the log"
    assert "anna" in logged, "names are no secrets"
    samples = [base64.b64encode(audio[at : at + 30]).decode()[4:-4] for at in (0, 300, 3000)]
    for secret in ("word0", KEY, FIXED, WRONG, digest(KEY), *samples, repr(audio[100:110])):
        assert secret not in logged
