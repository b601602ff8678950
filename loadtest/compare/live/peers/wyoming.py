"""wyoming-faster-whisper: whole utterances over TCP, one a connection; there are no partials."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.compare.live.peers.whole_utterances import silence_s, talk_in_utterances
from loadtest.compare.live.process import THREADS, free_port, installed, listening
from streamer.speech.clip import SAMPLE_RATE, Clip

NAME = "wyoming"
INSTALL = "pip install wyoming-faster-whisper==3.8.1"
FORMAT = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}


def wyoming(venvs: Path, whisper: Path) -> Peer:
    """Its model is a CTranslate2 folder."""
    start = partial(_start, venvs, whisper)
    return Peer("wyoming-faster-whisper", "tiny.en INT8", silence_s(), start, _talk, partials=False)


@contextmanager
def _start(venvs: Path, whisper: Path) -> Generator[Running]:
    program = installed(venvs, NAME, INSTALL) / "wyoming-faster-whisper"
    address = f"tcp://127.0.0.1:{free_port()}"
    with TemporaryDirectory() as data:
        command = [program, "--uri", address, "--model", whisper, "--data-dir", data]
        command += ["--language", "en", "--compute-type", "int8", "--cpu-threads", THREADS]
        command += ["--stt-library", "faster-whisper", "--local-files-only"]
        port = urlsplit(address).port
        assert port is not None
        with listening([str(word) for word in command], port) as pid:
            yield Running(address, pid)


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    await talk_in_utterances(audio, transcript, partial(_transcribe, address))


async def _transcribe(address: str, clip: Clip) -> str:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        _write(writer, "transcribe", {"language": "en"})
        _write(writer, "audio-start", FORMAT)
        data = (np.clip(clip.samples, -1, 1) * 32767).astype("<i2").tobytes()
        for at in range(0, len(data), 8192):
            _write(writer, "audio-chunk", FORMAT, data[at : at + 8192])
        _write(writer, "audio-stop", {})
        await writer.drain()
        while True:
            kind, found = await _read(reader)
            if kind == "transcript":
                return str(found["text"]).strip()
    finally:
        writer.close()


def _write(
    writer: asyncio.StreamWriter, kind: str, data: Mapping[str, object], payload: bytes = b""
) -> None:
    header = {"type": kind, "data": data, "payload_length": len(payload)}
    writer.write(json.dumps(header).encode() + b"\n" + payload)


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
    header = json.loads(await reader.readline())
    data = dict(header.get("data") or {})
    if length := header.get("data_length"):
        data |= json.loads(await reader.readexactly(length))
    await reader.readexactly(header.get("payload_length") or 0)
    return header["type"], data
