"""pipecat's Deepgram and OpenAI services against a server: ADDRESS SAMPLE. See run.sh."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import sys

import numpy as np
import soundfile
from loguru import logger
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.worker import PipelineParams
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.deepgram.stt import DeepgramSTTService
from pipecat.services.openai.stt import OpenAIRealtimeSTTService
from pipecat.services.stt_service import STTService
from pipecat.tests.utils import SleepFrame, run_test

logger.remove()
logger.add(sys.stderr, level="ERROR")


async def heard(service: STTService, samples: np.ndarray) -> list[Frame]:
    """Run a pipeline that hears samples of 16 kHz, its own voice detection played by us."""
    frames: list[Frame] = [SleepFrame(1.0), VADUserStartedSpeakingFrame()]
    for at in range(0, len(samples), 320):
        frames.append(InputAudioRawFrame(samples[at : at + 320].tobytes(), 16_000, 1))
        frames.append(SleepFrame(0.012))
    frames += [VADUserStoppedSpeakingFrame(), SleepFrame(8.0)]
    down, up = await run_test(
        service,
        frames_to_send=frames,
        pipeline_params=PipelineParams(audio_in_sample_rate=16_000),
        start_timeout=20,
    )
    return [*down, *up]


def judge(name: str, frames: list[Frame]) -> bool:
    """Print what came, and whether it is what should have come."""
    finals = [one for one in frames if isinstance(one, TranscriptionFrame)]
    interims = [one for one in frames if isinstance(one, InterimTranscriptionFrame)]
    errors = [one for one in frames if isinstance(one, ErrorFrame)]
    text = " ".join(final.text for final in finals)
    good = "morning" in text.lower() and bool(interims) and not errors
    counts = f"{len(interims)} interim, {len(finals)} final, {len(errors)} errors"
    print(f"{'ok  ' if good else 'FAIL'} pipecat {name}: {counts}\n       {text}")
    return good


async def main(address: str, sample: str) -> int:
    samples, _ = soundfile.read(sample, dtype="int16", frames=9 * 16_000)
    listening = DeepgramSTTService(api_key="secret", base_url=f"ws://{address}")
    good = judge("DeepgramSTTService", await heard(listening, samples))
    flux = DeepgramFluxSTTService(
        api_key="secret", url=f"ws://{address}/v2/listen", enable_eager_end_of_turn=True
    )
    good &= judge("DeepgramFluxSTTService", await heard(flux, samples))
    place = f"ws://{address}/v1/realtime"
    committing = OpenAIRealtimeSTTService(api_key="secret", base_url=place)
    good &= judge("OpenAIRealtimeSTTService, commits", await heard(committing, samples))
    detected = OpenAIRealtimeSTTService(
        api_key="secret", base_url=place, turn_detection={"type": "server_vad"}
    )
    good &= judge("OpenAIRealtimeSTTService, server_vad", await heard(detected, samples))
    return 0 if good else 1


sys.exit(asyncio.run(main(*sys.argv[1:])))
