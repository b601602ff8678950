"""One cell of the table: so many streams against one peer, and what came of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException

from loadtest.compare.live.peer import Peer, Running, Transcript
from loadtest.compare.live.scoring import Tally, tally
from loadtest.compare.live.speech import LiveAudio, Monologue
from loadtest.measures import percentiles
from loadtest.processes import cpu_s
from streamer.client import StreamError
from streamer.speech.clip import SAMPLE_RATE

STAGGER_S = 5.0
"""Streams begin within it, one after the other."""
FAILURES = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    WebSocketException,
    StreamError,
    ExceptionGroup,
)
"""A peer's failure is a result like any other."""
PATIENCE_S = 20.0
"""For whoever is behind, once the microphone is off."""


async def run_cell(peer: Peer, server: Running, monologues: Sequence[Monologue]) -> dict[str, Any]:
    """Let each monologue be heard by a stream of its own."""
    count = len(monologues)
    audios = [LiveAudio(one, STAGGER_S * at / count) for at, one in enumerate(monologues)]
    transcripts = [Transcript() for _ in monologues]

    async def one(audio: LiveAudio, transcript: Transcript, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await peer.talk(server.address, aiter(audio), transcript)
        except TimeoutError:
            transcript.failure = "not ended in time"
        except FAILURES as error:
            transcript.failure = repr(error)

    loop = asyncio.get_running_loop()
    began = loop.time()
    before_s, clients_s, busy_s = cpu_s(server.pid), time.process_time(), _busy_s()
    async with asyncio.TaskGroup() as group:
        for monologue, audio, transcript in zip(monologues, audios, transcripts, strict=True):
            length_s = len(monologue.samples) / SAMPLE_RATE
            group.create_task(one(audio, transcript, STAGGER_S + length_s + PATIENCE_S))
    seconds = loop.time() - began
    server_s = cpu_s(server.pid) - before_s
    others_s = _busy_s() - busy_s - server_s - (time.process_time() - clients_s)
    total = Tally()
    for monologue, audio, transcript in zip(monologues, audios, transcripts, strict=True):
        tally(total, monologue.spoken, audio.began, transcript, partials=peer.partials)
    spoken_s = sum(len(one.samples) for one in monologues) / SAMPLE_RATE
    return {
        "streams": count,
        "utterances": total.utterances,
        "final_ms": percentiles(total.finals),
        "beyond_silence_ms": percentiles([value - peer.silence_s for value in total.finals]),
        "first_partial_ms": percentiles(total.first_partials),
        "flicker": round(total.erased / max(1, total.words), 2) if peer.partials else None,
        "lost": total.lost,
        "wer": round(total.errors.percent, 1),
        "cores_a_stream": round(server_s / spoken_s, 3),
        "cores_of_others": round(max(0.0, others_s) / seconds, 2),
        "failures": total.failures,
    }


def _busy_s() -> float:
    """Seconds that all cores have worked since the machine began; Linux only."""
    fields = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0].split()[1:]
    user, nice, system, _, _, irq, softirq, *_ = map(int, fields)
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
