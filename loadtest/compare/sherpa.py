"""sherpa-onnx's offline WebSocket server, and a client of its protocol.

A file is one binary stream: int32 sample rate, int32 byte count, float32 samples, all of them
little-endian, in messages of at most 10240 bytes; one JSON text answers it. The text `Done` ends
the connection.
(Its Python example, `offline-websocket-client-decode-files-sequential.py`.)
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from streamer.families.moonshine.tokenizer import parsed
from streamer.speech.clip import SAMPLE_RATE, Clip

PROGRAM = "sherpa-onnx-offline-websocket-server"
MESSAGE_BYTES = 10240
START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Threads:
    """Decoding threads, each taking whole utterances, and threads of the runtime inside each."""

    work: int
    inside: int

    def __str__(self) -> str:
        return f"{self.work} x {self.inside} threads"


def cohere_arguments(folder: Path) -> list[str]:
    """Name the published contract of Cohere Transcribe in a folder."""
    return [
        f"--cohere-transcribe-encoder={folder / 'encoder.onnx'}",
        f"--cohere-transcribe-decoder={folder / 'decoder.onnx'}",
        f"--tokens={folder / 'tokens.txt'}",
        "--cohere-transcribe-language=en",
        "--cohere-transcribe-use-itn=false",
    ]


def moonshine_arguments(folder: Path, scratch: Path) -> list[str]:
    """Name Moonshine's published files; the vocabulary is written anew, its pieces in base64."""
    tokens = scratch / "tokens.txt"
    pieces = parsed((folder / "tokenizer.bin").read_bytes())
    lines = (f"{base64.b64encode(piece).decode()} {i}\n" for i, piece in enumerate(pieces))
    tokens.write_text("".join(lines), encoding="ascii")
    return [
        f"--moonshine-encoder={folder / 'encoder_model.ort'}",
        f"--moonshine-merged-decoder={folder / 'decoder_model_merged.ort'}",
        f"--tokens={tokens}",
    ]


@contextmanager
def sherpa_server(model: Sequence[str], threads: Threads) -> Generator[str]:
    """Run the server as `sherpa_process` does; yield its address."""
    with sherpa_process(model, threads) as (address, _):
        yield address


@contextmanager
def sherpa_process(model: Sequence[str], threads: Threads) -> Generator[tuple[str, int]]:
    """Run the server with the model that these arguments name on a free port.

    Yields its address and its process. Raises FileNotFoundError where the program is not
    installed, and TimeoutError.
    """
    program = shutil.which(PROGRAM) or shutil.which(PROGRAM, path=sysconfig.get_path("scripts"))
    if program is None:
        raise FileNotFoundError(f"{PROGRAM} is not there: pip install '.[loadtest,train]'")
    port = _free_port()
    command = [
        program,
        f"--port={port}",
        *model,
        f"--num-work-threads={threads.work}",
        f"--num-threads={threads.inside}",
        f"--log-file={os.devnull}",
    ]
    with (
        tempfile.TemporaryDirectory() as nowhere,
        subprocess.Popen(
            command, cwd=nowhere, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process,
    ):
        try:
            _wait_until_open(port)
            yield f"ws://127.0.0.1:{port}", process.pid
        finally:
            process.kill()


@asynccontextmanager
async def sherpa_connection(url: str) -> AsyncGenerator[SherpaConnection]:
    """Connect, and say goodbye at the end."""
    async with connect(url, compression=None, max_size=None, ping_interval=None) as ws:
        yield SherpaConnection(ws)
        await ws.send("Done")


@dataclass(frozen=True, slots=True)
class SherpaConnection:
    """One connection; it does one utterance after the other."""

    ws: ClientConnection

    async def transcribe(self, clip: Clip) -> str:
        """Send an utterance, whole, and wait for its text."""
        samples = clip.samples.astype("<f4").tobytes()
        data = struct.pack("<ii", SAMPLE_RATE, len(samples)) + samples
        for at in range(0, len(data), MESSAGE_BYTES):
            await self.ws.send(data[at : at + MESSAGE_BYTES])
        return json.loads(await self.ws.recv())["text"].strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{PROGRAM} does not listen") from None
            time.sleep(0.1)
        else:
            return
