"""WhisperLiveKit with LocalAgreement; the text of its `lines` is committed, the buffer is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.compare.live.process import THREADS, free_port, installed, listening

NAME = "whisperlivekit"
INSTALL = """
pip install torch==2.13.0 torchaudio --index-url https://download.pytorch.org/whl/cpu
pip install whisperlivekit==0.2.26 faster-whisper==1.2.1
"""


def whisperlivekit(venvs: Path, whisper: Path) -> Peer:
    """It has no endpoint: words are committed one by one."""
    return Peer("WhisperLiveKit", "tiny.en INT8", 0.0, partial(_start, venvs, whisper), _talk)


@contextmanager
def _start(venvs: Path, whisper: Path) -> Generator[Running]:
    program, port = installed(venvs, NAME, INSTALL) / "whisperlivekit-server", free_port()
    command = [str(program), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend", "faster-whisper", "--backend-policy", "localagreement"]
    command += ["--model", "tiny.en", "--model_dir", str(whisper), "--lan", "en"]
    command += ["--pcm-input", "--warmup-file", ""]
    with listening(command, port, {"OMP_NUM_THREADS": THREADS}) as pid:
        yield Running(f"ws://127.0.0.1:{port}/asr?language=en&mode=full", pid)


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    async with connect(address, compression=None, max_size=None, ping_interval=None) as ws:
        reading = asyncio.create_task(_read(ws, transcript))
        try:
            async for piece in audio:
                await ws.send(piece)
            await ws.send(b"")
            await reading
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


async def _read(ws: ClientConnection, transcript: Transcript) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for message in ws:
            told = json.loads(message)
            if told.get("type") == "ready_to_stop":
                return
            if "lines" in told:
                lines = " ".join(line.get("text") or "" for line in told["lines"])
                transcript.tell(lines.strip(), told.get("buffer_transcription") or "")
