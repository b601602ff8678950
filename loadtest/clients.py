"""Every client that a benchmark, a soak or a fault needs, on top of the product's own.

Three ways to speak: `play` is a microphone that notes what came when, `transcribe_file` sends as
fast as it goes, and `say` is one continuous transcript, judged by its history.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from loadtest.measures import StreamLog
from loadtest.oracle import History
from loadtest.tcp_proxy import TcpProxy, tcp_proxy
from streamer.audio.encodings import Encoding
from streamer.audio.files import AudioFile
from streamer.client import Flush, Stream, StreamError, open_stream, transcribe
from streamer.protocols.native.messages import Final
from streamer.speech.clip import SAMPLE_RATE

CHUNK_S = 0.1
BYTES_PER_S = SAMPLE_RATE * 2
FRAME_BYTES = 65536
CUT_S = (1.0, 6.0)
"""Between these a line is cut again and again; all within the server's window to come back."""


class NotAdmittedError(Exception):
    """The server was full or out of reach from the beginning: nothing was accepted."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to say, as 16-bit PCM at 16 kHz."""

    name: str
    data: bytes

    @classmethod
    def read(cls, path: Path) -> Speech:
        """Read a file, with a second of silence at both ends."""
        pause = bytes(BYTES_PER_S)
        return cls(path.name, pause + pcm(path) + pause)


def pcm(path: Path) -> bytes:
    """Read a recording as 16-bit samples at the model's rate."""
    samples = np.concatenate(list(AudioFile(path, SAMPLE_RATE).blocks(1.0)))
    return (samples * 32767).astype("<i2").tobytes()


async def play(url: str, audio: bytes, log: StreamLog, offset: float, seconds: float) -> None:
    """Stream in real time, from `offset` seconds into the recording on; a failure goes into log."""
    try:
        async with open_stream(url) as stream:
            sender = asyncio.create_task(_send(stream, log, Microphone(audio, offset, seconds)))
            try:
                async for message in stream:
                    log.add(time.monotonic(), message)
                await sender
            finally:
                sender.cancel()
                with contextlib.suppress(asyncio.CancelledError, StreamError):
                    await sender
    except StreamError as error:
        log.failure = str(error)


async def transcribe_file(url: str, data: bytes, encoding: Encoding) -> list[Final]:
    """Send it all without partials, as fast as it is taken; return the finals."""
    async with open_stream(url, partials=False, encoding=encoding) as stream:
        for at in range(0, len(data), FRAME_BYTES):
            await stream.send(data[at : at + FRAME_BYTES])
        await stream.stop()
        return [message async for message in stream if isinstance(message, Final)]


async def say(url: str, speech: Speech, *, live: bool, flush: bool = False) -> History:
    """Say it all, as fast as life or as fast as it goes."""
    history = History()
    audio = _source(history, speech.data, live=live, flush=flush)
    try:
        async for message in transcribe(audio, url, partials=live):
            history.told(asyncio.get_running_loop().time(), message)
    except StreamError as error:
        if history.messages:
            raise
        raise NotAdmittedError(str(error)) from error
    return history


async def say_over_a_bad_line(url: str, speech: Speech, chance: random.Random) -> History:
    """Say it while the line is cut again and again."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    async with tcp_proxy(parts.hostname, parts.port) as proxy:
        cutting = asyncio.create_task(_cut_now_and_then(proxy, chance))
        try:
            return await say(proxy.url, speech, live=True)
        finally:
            cutting.cancel()


async def vanish(url: str, speech: Speech, chance: random.Random) -> None:
    """Say half of it, and never come back."""
    async with open_stream(url) as stream:
        await stream.send(speech.data[: len(speech.data) // 2])
        await asyncio.sleep(chance.random())
        stream.abort()


async def undisturbed(url: str, speech: Speech) -> list[Final]:
    """Return the finals of a run that nothing happens to."""
    history = await say(url, speech, live=False)
    assert history.problems() == []
    return history.finals


class Microphone:
    """A recording heard over and over from `offset` seconds on, each chunk once it is spoken."""

    def __init__(self, audio: bytes, offset: float, seconds: float) -> None:
        self._audio = audio
        self._at = round(offset * SAMPLE_RATE) * 2 % len(audio)
        self._seconds = seconds
        self.began = 0.0
        """When the first sample was spoken: known from the first chunk on."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, at, sent = round(CHUNK_S * BYTES_PER_S), self._at, 0.0
        await asyncio.sleep(random.Random(at).random() * CHUNK_S)  # not all in the same moment
        self.began = time.monotonic()
        while sent < self._seconds:
            piece = self._audio[at : at + size]
            piece += self._audio[: size - len(piece)]
            at = (at + size) % len(self._audio)
            sent += len(piece) / BYTES_PER_S
            await asyncio.sleep(max(0.0, self.began + sent - time.monotonic()))
            yield piece


async def _send(stream: Stream, log: StreamLog, microphone: Microphone) -> None:
    async for piece in microphone:
        log.began = microphone.began
        await stream.send(piece)
    await stream.stop()


async def _source(
    history: History, data: bytes, *, live: bool, flush: bool
) -> AsyncIterator[bytes | Flush]:
    """Yield audio; what has been yielded is accepted."""
    size = round(CHUNK_S * BYTES_PER_S) if live else BYTES_PER_S
    loop = asyncio.get_running_loop()
    history.began = began = loop.time()
    for at in range(0, len(data), size):
        if live:
            await asyncio.sleep(began + at / BYTES_PER_S - loop.time())
        piece = data[at : at + size]
        history.accepted_s += len(piece) / BYTES_PER_S
        yield piece
    if flush:
        history.flushes.append("the end")
        yield Flush(id="the end")


async def _cut_now_and_then(proxy: TcpProxy, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(*CUT_S))
        proxy.cut()
