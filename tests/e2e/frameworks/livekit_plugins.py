"""livekit-agents' Deepgram and OpenAI plugins against a server: ADDRESS SAMPLE. See run.sh."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import sys

import numpy as np
import soundfile
from livekit import rtc
from livekit.agents import stt, utils
from livekit.plugins import deepgram, openai

FRAME = 320


async def heard(service: stt.STT, samples: np.ndarray) -> list[stt.SpeechEvent]:
    """Stream samples of 16 kHz, some faster than speech, until two utterances have come back."""
    events: list[stt.SpeechEvent] = []
    stream = service.stream()

    async def speak() -> None:
        for at in range(0, len(samples) - FRAME, FRAME):
            data = samples[at : at + FRAME].tobytes()
            stream.push_frame(rtc.AudioFrame(data, 16_000, 1, FRAME))
            await asyncio.sleep(0.012)

    speaking = asyncio.create_task(speak())
    async with asyncio.timeout(60):
        async for event in stream:
            events.append(event)
            finals = [one for one in events if one.type == stt.SpeechEventType.FINAL_TRANSCRIPT]
            ends = [one for one in events if one.type == stt.SpeechEventType.END_OF_SPEECH]
            if len(finals) >= 2 and len(ends) >= 2:
                break
    await speaking
    await stream.aclose()
    return events


def judge(name: str, events: list[stt.SpeechEvent]) -> bool:
    """Print what came, and whether it is what should have come."""
    kinds = [event.type.value for event in events]
    finals = [one for one in events if one.type == stt.SpeechEventType.FINAL_TRANSCRIPT]
    text = " ".join(final.alternatives[0].text for final in finals)
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    good = (
        "good morning" in text.lower()
        and kinds.index("start_of_speech") < kinds.index("final_transcript")
        and "end_of_speech" in kinds
        and "interim_transcript" in kinds
    )
    print(f"{'ok  ' if good else 'FAIL'} livekit {name}: {counts}\n       {text}")
    return good


async def main(address: str, sample: str) -> int:
    samples, _ = soundfile.read(sample, dtype="int16")
    samples = np.concatenate([samples, np.zeros(16_000, np.int16)])
    async with utils.http_context.open():
        listening = deepgram.STT(
            api_key="secret", base_url=f"ws://{address}/v1/listen", language="en-US"
        )
        realtime = openai.STT(
            api_key="secret", base_url=f"http://{address}/v1", use_realtime=True, language="en"
        )
        flux = deepgram.STTv2(
            api_key="secret", base_url=f"ws://{address}/v2/listen", eager_eot_threshold=0.5
        )
        good = judge("deepgram.STT", await heard(listening, samples))
        good &= judge("deepgram.STTv2", await heard(flux, samples))
        good &= judge("openai.STT(use_realtime)", await heard(realtime, samples))
    return 0 if good else 1


sys.exit(asyncio.run(main(*sys.argv[1:])))
