"""WhisperLive: one model for all clients; what is `completed` of its segments is committed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.compare.live.process import THREADS, free_port, installed, listening

NAME = "whisper-live"
INSTALL = """
pip install torch==2.13.0 torchaudio --index-url https://download.pytorch.org/whl/cpu
pip install --no-deps whisper-live==0.10.0
pip install faster-whisper==1.2.0 websockets scipy numba websocket-client soundfile kaldialign
pip install fastapi uvicorn python-multipart openai-whisper==20250625 prometheus_client
"""
SERVER = """
import sys
from whisper_live.server import TranscriptionServer
TranscriptionServer().run(
    "127.0.0.1", int(sys.argv[1]), backend="faster_whisper",
    faster_whisper_custom_model_path=sys.argv[2], single_model=True, max_clients=64,
    max_connection_time=3600,
)
"""
LAST_SEGMENTS = 10
REFUSALS = ("ERROR", "WAIT")


def whisper_live(venvs: Path, whisper: Path) -> Peer:
    """It has no endpoint: a segment closes when Whisper splits it, or says the same again."""
    return Peer("WhisperLive", "tiny.en INT8", 0.0, partial(_start, venvs, whisper), _talk)


@contextmanager
def _start(venvs: Path, whisper: Path) -> Generator[Running]:
    python, port = installed(venvs, NAME, INSTALL) / "python", free_port()
    command = [str(python), "-c", SERVER, str(port), str(whisper)]
    with listening(command, port, {"OMP_NUM_THREADS": THREADS}) as pid:
        yield Running(f"ws://127.0.0.1:{port}", pid)


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    async with connect(address, compression=None, max_size=None, ping_interval=None) as ws:
        hello = {
            "uid": str(uuid.uuid4()),
            "language": "en",
            "task": "transcribe",
            "model": "tiny.en",
            "use_vad": True,
            "audio_format": "int16",
            "send_last_n_segments": LAST_SEGMENTS,
        }
        await ws.send(json.dumps(hello))
        while (told := json.loads(await ws.recv())).get("message") != "SERVER_READY":
            if told.get("status") in REFUSALS:
                raise ConnectionError(f"WhisperLive: {told}")
        reading = asyncio.create_task(_read(ws, transcript))
        try:
            async for piece in audio:
                await ws.send(piece)
            await ws.send("END_OF_AUDIO")  # it closes at once, without a last text
            await reading
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def _read(ws: ClientConnection, transcript: Transcript) -> None:
    completed: dict[float, str] = {}
    with contextlib.suppress(ConnectionClosed):
        async for message in ws:
            told = json.loads(message)
            if "segments" not in told:
                continue
            tentative = ""
            for segment in told["segments"]:
                if segment.get("completed"):
                    completed[float(segment["start"])] = segment["text"]
                else:
                    tentative = segment["text"]
            transcript.tell(" ".join(completed[at] for at in sorted(completed)), tentative)
