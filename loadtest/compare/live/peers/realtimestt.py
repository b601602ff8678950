"""RealtimeSTT's example server, one model for both: `final` is committed, `realtime` is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.compare.live.process import THREADS, free_port, installed, listening
from streamer.speech.clip import SAMPLE_RATE

NAME = "realtimestt"
INSTALL = """
pip install torch==2.13.0 torchaudio --index-url https://download.pytorch.org/whl/cpu
pip install faster-whisper==1.2.1 scipy soundfile websockets fastapi uvicorn silero-vad
pip install --no-deps realtimestt==1.1.2
pip install webrtcvad-wheels halo log_symbols spinners termcolor colorama six
"""
SILENCE_S = 0.55
"""Its default, in the server."""
DRAIN_S = 20.0
"""After `stop`, for finals that are still to come."""


def realtimestt(venvs: Path, whisper: Path) -> Peer:
    """Silero in the server ends an utterance."""
    start = partial(_start, venvs, whisper)
    return Peer("RealtimeSTT", "tiny.en INT8", SILENCE_S, start, _talk)


@contextmanager
def _start(venvs: Path, whisper: Path) -> Generator[Running]:
    python, port = installed(venvs, NAME, INSTALL) / "python", free_port()
    command = [str(python), "-m", "example_fastapi_server.server"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    command += ["--engine", "faster_whisper", "--model", str(whisper)]
    command += ["--realtime-engine", "faster_whisper", "--realtime-model", str(whisper)]
    command += ["--compute-type", "int8", "--language", "en", "--use-main-model-for-realtime"]
    command += ["--max-sessions", "64", "--max-active-speakers", "64"]
    with listening(command, port, {"OMP_NUM_THREADS": THREADS}) as pid:
        yield Running(f"ws://127.0.0.1:{port}/ws/transcribe", pid)


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    async with connect(address, compression=None, max_size=None, ping_interval=None) as ws:
        while json.loads(await ws.recv()).get("type") != "ready":
            pass
        await ws.send(json.dumps({"type": "start"}))
        reading = asyncio.create_task(_read(ws, transcript))
        try:
            async for piece in audio:
                await ws.send(_framed(piece))
            await ws.send(json.dumps({"type": "stop"}))
            await asyncio.wait([reading], timeout=DRAIN_S)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


def _framed(piece: bytes) -> bytes:
    head = {"sampleRate": SAMPLE_RATE, "channels": 1, "format": "pcm_s16le"}
    text = json.dumps({**head, "frames": len(piece) // 2}).encode()
    return struct.pack("<I", len(text)) + text + piece


async def _read(ws: ClientConnection, transcript: Transcript) -> None:
    finals: list[str] = []
    with contextlib.suppress(ConnectionClosed):
        async for message in ws:
            told = json.loads(message)
            if told.get("type") == "final":
                finals.append(told.get("text") or "")
                transcript.tell(" ".join(finals))
            elif told.get("type") == "realtime":
                transcript.tell(" ".join(finals), told.get("text") or "")
            elif told.get("type") == "error":
                raise ConnectionError(f"RealtimeSTT: {told}")
