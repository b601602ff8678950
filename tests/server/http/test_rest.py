"""OpenAI's REST API with the unchanged openai package."""

from __future__ import annotations

import asyncio

import httpx
import numpy as np
import openai
import pytest
from engines import CountingEngine
from server.http.rest_client import TEXT, address, asking, recording
from sounds import silence, voice


async def test_json_is_the_default() -> None:
    async with asking() as (client, _):
        heard = await client.audio.transcriptions.create(model="whisper-1", file=recording())
    assert heard.text.startswith(TEXT)
    assert heard.text.count("word0") == 2
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
    engine = CountingEngine(seconds_a_step=0.05)
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


async def test_what_comes_of_open_webui_is_understood() -> None:
    """Its speech-to-text by an OpenAI address: the recording as it was made, and what was set."""
    async with asking(api_keys=["k"]) as (_, server):
        answer = await asyncio.to_thread(
            httpx.post,
            f"http://{address(server)}/v1/audio/transcriptions",
            headers={"Authorization": "Bearer k", "X-OpenWebUI-User-Name": "Ann%20Lee"},
            files={"file": recording()},
            data={"model": "whisper-1", "language": "en-US"},
        )
    assert answer.raise_for_status().json()["text"].startswith(TEXT)


async def test_one_base_url_is_enough_for_files_and_for_realtime() -> None:
    async with (
        asking() as (client, _),
        client.realtime.connect(extra_query={"intent": "transcription"}) as live,
    ):
        assert (await live.recv()).type == "session.created"
        heard = await client.audio.transcriptions.create(model="m", file=recording())
        assert heard.text.startswith(TEXT)


async def test_what_is_no_audio_is_told_with_what_is() -> None:
    async with asking() as (client, _):
        with pytest.raises(openai.BadRequestError, match=r"a\.webm: not readable.*begins as WebM"):
            await client.audio.transcriptions.create(
                model="m", file=("a.webm", b"\x1aE\xdf\xa3webm" * 100)
            )
        with pytest.raises(openai.BadRequestError, match=r"a\.m4a: not readable .* a PDF file"):
            await client.audio.transcriptions.create(model="m", file=("a.m4a", b"%PDF-1.4"))


async def test_what_is_missing_of_a_recording_is_told_in_a_header() -> None:
    name, wav = recording()
    async with asking() as (client, _):
        create = client.audio.transcriptions.with_raw_response.create
        whole = await create(model="m", file=(name, wav))
        assert "x-streamer-warning" not in whole.headers
        half = await create(model="m", file=(name, wav[: len(wav) // 2]))
        assert half.headers["x-streamer-warning"].startswith("broken off after")
        streamed = await client.audio.transcriptions.create(
            model="m", file=(name, wav[: len(wav) // 2]), stream=True
        )
        last = [event async for event in streamed][-1]
        assert last.to_dict()["warnings"] == [half.headers["x-streamer-warning"]]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_broken_engine_is_an_error(stream: bool) -> None:
    engine = CountingEngine()
    engine.failures = 4  # of two utterances, twice each, in whatever order they are tried again
    async with asking(engine) as (client, _):
        with pytest.raises(openai.APIError, match="failed twice"):
            await client.audio.transcriptions.create(model="m", file=recording(), stream=stream)
