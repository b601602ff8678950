"""The openai package against the real server with the embedded model."""

from __future__ import annotations

import pytest
from openai import AsyncOpenAI
from servers import running
from synthetic import SAMPLE

from streamer.cli.loading import load_step_engine
from streamer.decoding.step_engine import StepEngine
from streamer.settings import Settings


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))


async def test_the_bundled_recording_is_transcribed_whole_and_as_a_stream(
    engine: StepEngine,
) -> None:
    async with running(engine) as server:
        host, port = server.address
        async with AsyncOpenAI(base_url=f"http://{host}:{port}/v1", api_key="none") as client:
            create = client.audio.transcriptions.create
            whole = await create(model="whisper-1", file=SAMPLE, response_format="verbose_json")
            stream = await create(model="gpt-4o-transcribe", file=SAMPLE, stream=True)
            deltas = [one.delta async for one in stream if one.type == "transcript.text.delta"]
            assert "The technician will come on Wednesday" in whole.text
            assert whole.segments is not None
            assert len(whole.segments) == len(deltas) >= 4
            assert "".join(deltas) == whole.text
            if engine.info.word_timings:
                timed = await create(
                    model="whisper-1",
                    file=SAMPLE,
                    response_format="verbose_json",
                    timestamp_granularities=["word"],
                )
                assert timed.words is not None
                assert " ".join(word.word for word in timed.words) == whole.text
                starts = [word.start for word in timed.words]
                assert starts == sorted(starts)
                assert timed.words[-1].end <= whole.duration
