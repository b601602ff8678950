"""How much of an upload is taken in, how long it may last, and what is no form."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import openai
import pytest
from engines import CountingEngine
from server.http.rest_client import address, asking, post, recording
from server.resuming import until_told
from sounds import silence, voice


async def test_a_file_too_large_is_refused_however_its_length_is_told() -> None:
    head = b"Content-Type: multipart/form-data; boundary=b\r\n"
    async with asking(max_upload_bytes=300_000) as (client, server):
        with pytest.raises(openai.APIStatusError, match="larger than 300000") as refused:
            await client.audio.transcriptions.create(model="m", file=("a.wav", b"0" * 10_000_000))
        assert refused.value.status_code == 413
        piece = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
        form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(form), form)
        answer = await post(
            server, head + b"Connection: close\r\n" + chunked, piece * 30 + b"0\r\n\r\n"
        )
    assert answer.startswith(b"HTTP/1.1 413")


async def test_uploads_share_a_bounded_room() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with asking(engine, max_upload_bytes=100_000) as (client, server):
        create = client.audio.transcriptions.create
        file = recording(np.concatenate([voice(3.0), silence(62.0)]))
        assert len(file[1]) == 2_080_044, "of four times 2.2 MB in all, fields included"
        busy = [asyncio.create_task(create(model="m", file=file)) for _ in range(4)]
        await until_told(address(server), "streamer_audio_seconds_total 260.0")
        with pytest.raises(openai.InternalServerError, match="too many files") as refused:
            await create(model="m", file=file)
        assert refused.value.response.headers["retry-after"] == "5"
        engine.may_run.set()
        assert {one.text.split()[0] for one in await asyncio.gather(*busy)} == {"word0"}
        assert (await create(model="m", file=file)).text, "room is given back"


UNSUPPORTED = (b"multipart/form-data", b"UTF-8")
"""Problems of what a body is said to be, rather than of what it is."""


@pytest.mark.parametrize(
    ("head", "body", "problem"),
    [
        (b"Content-Length: 2\r\n\r\n", b"{}", UNSUPPORTED[0]),
        (b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n", b"{}", b"boundary"),
        (
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 8\r\n\r\n",
            b"--b--\r\n\r",
            b"a file is needed",
        ),
        (
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9\r\n\r\n",
            b"nonsense!",
            b"Invalid multipart",
        ),
        (
            b"Content-Type: multipart/form-data; boundary=b; charset=undefined\r\n"
            b"Content-Length: 7\r\n\r\n",
            b"--b--\r\n",
            UNSUPPORTED[1],
        ),
        (
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 40059\r\n\r\n",
            b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n%s--b--'
            % (b"x" * 40_000),
            b"exceeded maximum size of 32KB",
        ),
    ],
)
async def test_a_body_that_is_no_form_is_told(
    head: bytes, body: bytes, problem: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with asking() as (_, server):
        answer = await post(server, b"Connection: close\r\n" + head, body)
    assert not caplog.records, "nobody shall fill a disk with broken forms"
    assert answer.split()[1] == (b"415" if problem in UNSUPPORTED else b"400")
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"
    assert problem in answer


async def test_a_client_that_stalls_in_its_upload_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.server.http.exchange.LINGER_S", 0.2)
    head = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 999\r\n\r\n--b"
    async with asking(idle_timeout_s=0.2) as (_, server):
        answer = await post(server, b"Connection: close\r\n" + head)
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_client_that_trickles_its_upload_is_let_go() -> None:
    async with asking(idle_timeout_s=0.5) as (_, server):
        reader, writer = await asyncio.open_connection(*address(server).split(":"))
        head = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999\r\n\r\n--b"
        writer.write(b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\n" + head)
        answer = asyncio.create_task(reader.readline())
        async with asyncio.timeout(20):
            while not answer.done():
                writer.write(b"x")
                await asyncio.sleep(0.05)
        assert b" 408 " in await answer
        writer.close()


async def test_a_client_that_never_asks_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.server.listeners.http.HEAD_S", 0.2)
    monkeypatch.setattr("streamer.server.listeners.http.BODY_S", 0.2)
    async with asking() as (client, server):
        reader, writer = await asyncio.open_connection(*address(server).split(":"))
        writer.write(b"GET /v1/mod")
        assert await asyncio.wait_for(_nothing(reader), 20)
        writer.close()
        assert (await client.models.list()).data, "others are served"


async def _nothing(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def test_a_file_that_claims_absurdities_is_not_read() -> None:
    _, wav = recording(voice(1.0))
    async with asking() as (client, _):
        for rate in (1, 4_000_000_000):
            absurd = wav[:24] + rate.to_bytes(4, "little") + wav[28:]
            with pytest.raises(openai.BadRequestError, match="not readable as audio"):
                await client.audio.transcriptions.create(model="m", file=("a.wav", absurd))
