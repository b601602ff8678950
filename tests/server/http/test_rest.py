"""OpenAI's REST API with the unchanged openai package."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import soundfile
import trustme
from engines import CountingEngine
from openai import AsyncOpenAI
from servers import running
from sounds import Samples, silence, two_utterances, voice

from streamer.engines.local import LocalEngine
from streamer.server.listeners.addresses import ListenError
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

TEXT = "word0 word1 word2 word3 word4"


def recording(
    samples: Samples | None = None, kind: str = "WAV", rate: int = 16_000
) -> tuple[str, bytes]:
    """A file as a client uploads it."""
    file = io.BytesIO()
    soundfile.write(file, two_utterances() if samples is None else samples, rate, format=kind)
    return f"audio.{kind.lower()}", file.getvalue()


def address(server: TranscriptionServer) -> str:
    assert server.rest_address is not None
    host, port = server.rest_address
    return f"{host}:{port}"


@asynccontextmanager
async def asking(
    engine: CountingEngine | None = None, key: str = "none", **settings: Any
) -> AsyncGenerator[tuple[AsyncOpenAI, TranscriptionServer]]:
    async with (
        running(engine, rest_port=0, **settings) as server,
        AsyncOpenAI(
            base_url=f"http://{address(server)}/v1", api_key=key, max_retries=0, timeout=20
        ) as client,
    ):
        yield client, server


async def post(server: TranscriptionServer, head: bytes, body: bytes = b"") -> bytes:
    """Send a request as it is; returns everything that came back."""
    reader, writer = await asyncio.open_connection(*address(server).split(":"))
    writer.write(b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\n" + head + body)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


async def test_json_is_the_default() -> None:
    async with asking() as (client, _):
        heard = await client.audio.transcriptions.create(model="whisper-1", file=recording())
    assert heard.text.startswith(TEXT)
    assert heard.text.count(TEXT) == 2
    assert heard.usage is not None
    assert heard.usage.to_dict() == {"type": "duration", "seconds": 6}


async def test_plain_formats() -> None:
    async with asking() as (client, _):
        create = client.audio.transcriptions.create
        text = await create(model="gpt-4o-transcribe", file=recording(), response_format="text")
        srt = await create(model="m", file=recording(), response_format="srt")
        vtt = await create(model="m", file=recording(), response_format="vtt")
    assert text.startswith(TEXT)
    assert srt.startswith("1\n00:00:0")
    assert vtt.startswith("WEBVTT\n")


async def test_verbose_json_has_segments_of_the_models_language() -> None:
    async with asking() as (client, _):
        heard = await client.audio.transcriptions.create(
            model="whisper-1",
            file=recording(),
            language="de",
            response_format="verbose_json",
            timestamp_granularities=["segment"],
        )
    assert heard.language == "german"
    assert heard.duration == 5.3
    assert heard.segments is not None
    assert [segment.id for segment in heard.segments] == [0, 1]
    assert heard.segments[1].start > heard.segments[0].end
    assert heard.words is None


async def test_a_stream_tells_each_utterance_as_it_comes() -> None:
    async with asking() as (client, _):
        stream = await client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=recording(), stream=True
        )
        events = [event async for event in stream]
    *deltas, done = events
    assert [event.type for event in deltas] == ["transcript.text.delta"] * 2
    assert done.type == "transcript.text.done"
    assert "".join(one.delta for one in deltas if one.type == "transcript.text.delta") == done.text


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
async def test_every_common_container_is_read(kind: str) -> None:
    async with asking() as (client, _):
        heard = await client.audio.transcriptions.create(
            model="whisper-1", file=recording(voice(2.0), kind)
        )
    assert heard.text.startswith("word0 word1 word2")


async def test_silence_is_an_empty_text() -> None:
    async with asking() as (client, _):
        create = client.audio.transcriptions.create
        assert (await create(model="m", file=recording(silence(1.0)))).text == ""
        assert (await create(model="m", file=recording(silence(0.0)))).text == ""
        stream = await create(model="m", file=recording(silence(1.0)), stream=True)
        assert [event.type async for event in stream] == ["transcript.text.done"]


async def test_many_utterances_are_in_flight_together() -> None:
    samples = np.tile(np.concatenate([voice(4.0), silence(1.0)]), 12)
    engine = CountingEngine(seconds_a_step=0.01)
    async with asking(engine) as (client, _):
        heard = await client.audio.transcriptions.create(model="m", file=recording(samples))
    assert heard.text.count("word0") == 12
    assert max(engine.steps) > 4


async def test_models() -> None:
    async with asking() as (client, _):
        (model,) = (await client.models.list()).data
        assert (model.id, model.owned_by) == ("counting", "streamer")
        assert await client.models.retrieve("counting") == model
        with pytest.raises(openai.NotFoundError, match="there is no model 'gpt/9'") as refused:
            await client.models.retrieve("gpt/9")
        assert refused.value.code == "model_not_found"


async def test_words_and_speakers_are_refused_where_the_model_cannot() -> None:
    async with asking() as (client, _):
        create = client.audio.transcriptions.create
        with pytest.raises(openai.BadRequestError, match="cannot tell when each word") as refused:
            await create(
                model="m",
                file=recording(),
                response_format="verbose_json",
                timestamp_granularities=["word"],
            )
        assert refused.value.param == "timestamp_granularities[]"
        with pytest.raises(openai.BadRequestError, match="speakers") as refused:
            await create(model="m", file=recording(), response_format="diarized_json")
        assert refused.value.code == "unsupported_value"


async def test_what_is_no_audio_is_told_with_what_is() -> None:
    async with asking() as (client, _):
        with pytest.raises(openai.BadRequestError, match=r"a\.webm is not readable.*FLAC, OGG"):
            await client.audio.transcriptions.create(
                model="m", file=("a.webm", b"\x1aE\xdf\xa3webm" * 100)
            )


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
    async with asking(engine, max_upload_bytes=100_000) as (client, _):
        create = client.audio.transcriptions.create
        name, wav = recording(voice(3.0))
        file = (name, wav + bytes(2_000_000))  # of four times 2.2 MB in all, fields included
        busy = [asyncio.create_task(create(model="m", file=file)) for _ in range(4)]
        await asyncio.sleep(0.5)
        with pytest.raises(openai.InternalServerError, match="too many files") as refused:
            await create(model="m", file=file)
        assert refused.value.response.headers["retry-after"] == "5"
        engine.may_run.set()
        assert {one.text.split()[0] for one in await asyncio.gather(*busy)} == {"word0"}
        assert (await create(model="m", file=file)).text, "room is given back"


@pytest.mark.parametrize(
    ("head", "body", "problem"),
    [
        (b"Content-Length: 2\r\n\r\n", b"{}", b"multipart/form-data"),
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
            b"UTF-8",
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
    assert answer.startswith(b"HTTP/1.1 400")
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"
    assert problem in answer


async def test_keys_are_asked_for_everywhere() -> None:
    async with asking(api_keys=["right"], key="wrong") as (client, server):
        with pytest.raises(openai.AuthenticationError, match="an API key is needed") as refused:
            await client.audio.transcriptions.create(model="m", file=("a.wav", b"0" * 3_000_000))
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
        client.api_key = "right"
        assert (await client.audio.transcriptions.create(model="m", file=recording())).text
        assert server.rest_address is not None


async def test_foreign_pages_are_kept_out_and_allowed_ones_told_so() -> None:
    async with asking(allowed_origins=["https://a.example"]) as (client, _):
        for origin in ("https://evil.example", "http://["):
            with pytest.raises(openai.PermissionDeniedError):
                await client.models.list(extra_headers={"Origin": origin})
        answer = await client.models.with_raw_response.list(
            extra_headers={"Origin": "https://a.example"}
        )
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


async def test_other_addresses_are_refused_in_the_same_shape() -> None:
    async with asking() as (client, server):
        with pytest.raises(openai.NotFoundError) as refused:
            await client.embeddings.create(model="m", input="x")
        assert refused.value.code == "unknown_url"
        reader, writer = await asyncio.open_connection(*address(server).split(":"))
        writer.write(b"GET /v1/audio/transcriptions HTTP/1.0\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 405")
        writer.close()


async def test_a_full_server_says_when_to_come_back() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with asking(engine, max_sessions=1) as (client, _):
        create = client.audio.transcriptions.create
        first = asyncio.create_task(create(model="m", file=recording()))
        await asyncio.sleep(0.3)
        with pytest.raises(openai.InternalServerError, match="every session is taken") as refused:
            await create(model="m", file=recording())
        assert refused.value.status_code == 503
        assert refused.value.response.headers["retry-after"] == "5"
        engine.may_run.set()
        assert (await first).text.startswith(TEXT)


async def test_a_drain_waits_for_running_requests_and_takes_no_new_ones() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with asking(engine) as (client, server):
        create = client.audio.transcriptions.create
        running_one = asyncio.create_task(create(model="m", file=recording()))
        await asyncio.sleep(0.3)
        drain = asyncio.create_task(server.drain())
        await asyncio.sleep(0)
        with pytest.raises(openai.InternalServerError, match="going away"):
            await create(model="m", file=recording())
        engine.may_run.set()
        assert (await running_one).text.startswith(TEXT)
        await asyncio.wait_for(drain, 5)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_drain_limit_breaks_long_requests_off(stream: bool) -> None:
    samples = np.concatenate([voice(1.0), silence(1.0), voice(4.0)])
    engine = CountingEngine(seconds_a_step=0.2)
    async with asking(engine, drain_timeout_s=1.0) as (client, server):
        create = client.audio.transcriptions.create

        async def ask() -> None:
            if not stream:
                await create(model="m", file=recording(samples))
                return
            async for event in await create(model="m", file=recording(samples), stream=True):
                assert event.type == "transcript.text.delta"

        asked = asyncio.create_task(ask())
        await asyncio.sleep(0.3)
        await asyncio.wait_for(server.drain(), 5)
        with pytest.raises(openai.APIError, match="going away"):
            await asked


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_takes_its_jobs_along(stream: bool) -> None:
    engine = CountingEngine(seconds_a_step=0.1)
    samples = np.tile(np.concatenate([voice(4.0), silence(1.0)]), 30)
    async with asking(engine) as (client, server):
        create = client.audio.transcriptions.create
        asked = asyncio.create_task(create(model="m", file=recording(samples), stream=stream))
        await asyncio.sleep(1.0)
        asked.cancel()
        await asyncio.wait([asked])
        await client.close()
        await asyncio.wait_for(server.drain(), 3)
        steps = len(engine.steps)
        await asyncio.sleep(0.4)
        assert sum(engine.steps[steps + 1 :]) == 0, "nothing is in flight any more"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_broken_engine_is_an_error(stream: bool) -> None:
    engine = CountingEngine()
    engine.failures = 2
    async with asking(engine) as (client, _):
        with pytest.raises(openai.APIError, match="failed twice"):
            await client.audio.transcriptions.create(model="m", file=recording(), stream=stream)


async def test_a_client_that_stalls_in_its_upload_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.server.http.exchange.LINGER_S", 0.2)
    head = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 999\r\n\r\n--b"
    async with asking(idle_timeout_s=0.2) as (_, server):
        answer = await post(server, b"Connection: close\r\n" + head)
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_client_that_never_asks_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.server.listeners.http.ASKING_S", 0.2)
    async with asking() as (client, server):
        reader, writer = await asyncio.open_connection(*address(server).split(":"))
        writer.write(b"GET /v1/mod")
        assert await asyncio.wait_for(_nothing(reader), 5)
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


async def test_files_go_over_tls_where_there_is_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with running(rest_port=0, tls_cert=tmp_path / "pem", tls_key=tmp_path / "pem") as server:
        reader, writer = await asyncio.open_connection(*address(server).split(":"), ssl=trusting)
        writer.write(b"GET /v1/models HTTP/1.0\r\n\r\n")
        assert b'"id":"counting"' in await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_a_port_that_is_taken_is_named_and_all_is_closed_again() -> None:
    async with running(rest_port=0) as first:
        port = int(address(first).split(":")[1])
        second = TranscriptionServer(
            Settings(port=0, rest_port=port), LocalEngine(CountingEngine())
        )
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}"):
            await second.__aenter__()
