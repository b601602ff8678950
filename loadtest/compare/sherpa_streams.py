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

from loadtest.clients import Microphone
from loadtest.compare.sherpa import SherpaConnection, sherpa_connection
from loadtest.cutting import Cutter, Utterance
from loadtest.measures import POST_ROLL_S, percentiles
from loadtest.progress import clock
from loadtest.run.streams import GOAL_S
from streamer.audio.encodings import Encoding
from streamer.speech.clip import SAMPLE_RATE

ANSWER_TIMEOUT_S = 10.0


@dataclass(slots=True)
class _Log:
    beyond_silence: list[float] = field(default_factory=list[float])
    lost: int = 0


async def run_sherpa_streams(
    url: str, audio: bytes, streams: int, seconds: float
) -> dict[str, Any]:
    """Run so many streams for so long; the report has the form of `run streams`."""
    log = _Log()
    rng = random.Random(0)
    period = len(audio) / 2 / SAMPLE_RATE
    label = f"{streams} streams of sherpa-onnx for {seconds:g} s"
    async with clock(label, seconds), asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(_stream(url, audio, log, rng.random() * period, seconds))
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


async def _stream(url: str, audio: bytes, log: _Log, offset: float, seconds: float) -> None:
    cutter = Cutter(Encoding.PCM_S16LE)
    utterances: asyncio.Queue[tuple[Utterance, float] | None] = asyncio.Queue()
    microphone = Microphone(audio, offset, seconds)
    async with sherpa_connection(url) as connection, asyncio.TaskGroup() as group:
        group.create_task(_answer(connection, utterances, cutter.silence_s, log))
        async for piece in microphone:
            for utterance in cutter.feed(piece):
                utterances.put_nowait((utterance, microphone.began))
        utterances.put_nowait(None)


async def _answer(
    connection: SherpaConnection,
    utterances: asyncio.Queue[tuple[Utterance, float] | None],
    silence_s: float,
    log: _Log,
) -> None:
    while (item := await utterances.get()) is not None:
        utterance, began = item
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await connection.transcribe(utterance.clip)
        except (TimeoutError, ConnectionClosed):
            log.lost += 1
            return
        ended = began + utterance.end_s - POST_ROLL_S
        log.beyond_silence.append(time.monotonic() - ended - silence_s)
