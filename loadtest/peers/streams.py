"""Real-time streams against sherpa-onnx's server, which takes whole utterances.

So the client does the endpointing, with our own rules, as somebody who builds a live service on
that server must; its work is on the same machine. Each stream has a connection, and sends an
utterance when the silence behind it is over. There are no partials.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed

from loadtest.measures import POST_ROLL_S, percentiles
from loadtest.peers.sherpa import SherpaConnection, sherpa_connection
from loadtest.streams import CHUNK_S, GOAL_S
from streamer.dispatch.job import Job
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE

MIN_SPEECH_MS = 160
ANSWER_TIMEOUT_S = 10.0


@dataclass(slots=True)
class _Log:
    beyond_silence: list[float] = field(default_factory=list[float])
    lost: int = 0


async def run_sherpa_streams(
    url: str, audio: bytes, streams: int, seconds: float
) -> dict[str, Any]:
    """Run so many streams for so long; the report has the form of `loadtest.streams`."""
    log = _Log()
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE
    async with asyncio.TaskGroup() as group:
        for number in range(streams):
            offset = rng.random() * period
            group.create_task(_stream(url, audio, log, number, offset, seconds))
    beyond = percentiles(log.beyond_silence)
    met = beyond["p95"] is not None and beyond["p95"] <= GOAL_S * 1000 and log.lost == 0
    return {
        "summary": {"streams": streams, "met": met, "final_beyond_silence_p95_ms": beyond["p95"]},
        "streams": streams,
        "seconds": seconds,
        "final_beyond_silence_ms": beyond,
        "finals": len(log.beyond_silence),
        "late_or_lost": log.lost,
    }


async def _stream(
    url: str, audio: bytes, log: _Log, number: int, offset: float, seconds: float
) -> None:
    settings = StreamSettings(language="en", partials=False)
    silence_s = settings.endpoint_silence_ms / 1000
    utterances: asyncio.Queue[tuple[Job, float] | None] = asyncio.Queue()
    async with sherpa_connection(url) as connection, asyncio.TaskGroup() as group:
        group.create_task(_answer(connection, utterances, silence_s, log))
        session = Session(f"sherpa-{number}", settings, MIN_SPEECH_MS)
        size = round(CHUNK_S * SAMPLE_RATE) * 2
        at = round(offset * SAMPLE_RATE) * 2 % len(audio)
        await asyncio.sleep(random.Random(at).random() * CHUNK_S)
        began = time.monotonic()
        for chunk in range(1, round(seconds / CHUNK_S) + 1):
            piece = (audio + audio[:size])[at : at + size]
            at = (at + size) % len(audio)
            await asyncio.sleep(max(0.0, began + chunk * CHUNK_S - time.monotonic()))
            for output in session.feed(piece):
                if isinstance(output, Job):
                    utterances.put_nowait((output, began))
        utterances.put_nowait(None)


async def _answer(
    connection: SherpaConnection,
    utterances: asyncio.Queue[tuple[Job, float] | None],
    silence_s: float,
    log: _Log,
) -> None:
    while (item := await utterances.get()) is not None:
        job, began = item
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await connection.transcribe(job.clip)
        except (TimeoutError, ConnectionClosed):
            log.lost += 1
            return
        ended = began + job.end / SAMPLE_RATE - POST_ROLL_S
        log.beyond_silence.append(time.monotonic() - ended - silence_s)
