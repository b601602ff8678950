"""Clients of every kind that a soak or a fault mixes, each judged by its history."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from loadtest.history import History
from loadtest.line import Line, line
from streamer.audio.files import AudioFile
from streamer.client import Flush, StreamError, open_stream, transcribe
from streamer.protocols.native.messages import Final
from streamer.speech.clip import SAMPLE_RATE

CHUNK_S = 0.1
BYTES_PER_S = SAMPLE_RATE * 2
CUT_S = (1.0, 6.0)
"""Between these a line is cut again and again; all within the server's window to come back."""


class NotLetInError(Exception):
    """The server was full or out of reach from the beginning: nothing was accepted."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to say, as 16-bit PCM at 16 kHz."""

    name: str
    data: bytes

    @classmethod
    def read(cls, path: Path) -> Speech:
        """Read a file, with a second of silence at both ends."""
        samples = np.concatenate(list(AudioFile(path, SAMPLE_RATE).blocks(1.0)))
        pause = np.zeros(SAMPLE_RATE, np.float32)
        joined = np.concatenate([pause, samples, pause])
        return cls(path.name, (joined * 32767).astype("<i2").tobytes())


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
        raise NotLetInError(str(error)) from error
    return history


async def say_over_a_bad_line(url: str, speech: Speech, chance: random.Random) -> History:
    """Say it while the line is cut again and again."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    async with line(parts.hostname, parts.port) as relay:
        cutting = asyncio.create_task(_cut_now_and_then(relay, chance))
        try:
            return await say(relay.url, speech, live=True)
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


async def _cut_now_and_then(relay: Line, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(*CUT_S))
        relay.cut()
