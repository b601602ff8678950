"""The wyoming package against the real server with the embedded model."""

from __future__ import annotations

import pytest
import soundfile
from servers import running
from synthetic import SAMPLE
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.info import Describe, Info

from streamer.cli.loading import load_step_engine
from streamer.decoding.step_engine import StepEngine
from streamer.settings import Settings


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))


async def test_a_voice_command_as_home_assistant_sends_it(engine: StepEngine) -> None:
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    audio = samples[-4 * rate :].tobytes()
    async with running(engine, wyoming_port=0) as server:
        assert server.wyoming_address is not None
        host, port = server.wyoming_address
        async with AsyncClient.from_uri(f"tcp://{host}:{port}", read_timeout=20) as client:
            await client.write_event(Describe().event())
            info = await client.read_event()
            assert info is not None
            (program,) = Info.from_event(info).asr
            await client.write_event(Transcribe(language=program.models[0].languages[0]).event())
            await client.write_event(AudioStart(rate, 2, 1).event())
            for at in range(0, len(audio), 2048):
                chunk = AudioChunk(rate, 2, 1, audio[at : at + 2048])
                await client.write_event(chunk.event())
            await client.write_event(AudioStop().event())
            event = await client.read_event()
            while event is not None and not Transcript.is_type(event.type):
                event = await client.read_event()
            assert event is not None
            assert "weather like in Oslo" in Transcript.from_event(event).text
