"""Sounds through a server, over WebSockets, several at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.clients import CHUNK_S, FRAME_BYTES
from loadtest.run.wer.sounds import Sound
from streamer.client import Stream, StreamError, open_stream
from streamer.protocols.native.messages import Error, Final, ServerMessage

AT_ONCE = 8
LIVE_AT_ONCE = 8
"""Streams with partials, few enough that none waits for another's."""
PATIENCE_S = 60
"""A server that is busy lets nobody in for a while."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """All that a server said of one sound."""

    messages: Sequence[ServerMessage]

    @property
    def finals(self) -> list[Final]:
        """Those that have a text, in the order of time."""
        finals = [one for one in self.messages if isinstance(one, Final) and one.text]
        return sorted(finals, key=lambda one: one.start)

    @property
    def text(self) -> str:
        """All that was heard."""
        return " ".join(one.text for one in self.finals)

    @property
    def ends_within(self) -> int:
        """How many silences ended an utterance although more was said."""
        return sum(one.reason.by_silence for one in self.finals[:-1])


async def stream_all(
    url: str,
    sounds: Sequence[Callable[[], Sound]],
    advance: Callable[[float], None],
    *,
    detector: str,
    pace: float = 0.0,
) -> list[Alignment]:
    """Let each be heard by a stream of its own, made when its turn comes; in their order.

    At `pace` times the speed of life, with partials; 0 is as fast as it goes, without.
    Raises StreamError where a stream fails, or is not let in for a minute.
    """
    turn = asyncio.Semaphore(LIVE_AT_ONCE if pace else AT_ONCE)

    async def one(make: Callable[[], Sound]) -> Alignment:
        async with turn:
            heard = await _let_in(url, await asyncio.to_thread(make), detector, pace)
            advance(1)
            return heard

    return await asyncio.gather(*(one(make) for make in sounds))


async def _let_in(url: str, sound: Sound, detector: str, pace: float) -> Alignment:
    for _ in range(PATIENCE_S):
        try:
            return await _stream(url, sound, detector, pace)
        except StreamError as error:
            if not error.passing:
                raise
            await asyncio.sleep(1)
    return await _stream(url, sound, detector, pace)


async def _stream(url: str, sound: Sound, detector: str, pace: float) -> Alignment:
    opening = open_stream(
        url,
        encoding=sound.encoding,
        sample_rate=sound.rate,
        vad=detector,
        partials=pace > 0,
    )
    async with opening as stream:
        sender = asyncio.create_task(_send(stream, sound, pace))
        try:
            messages = [message async for message in stream]
            await sender
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, StreamError):
                await sender
    for message in messages:
        if isinstance(message, Error):
            raise StreamError(f"{url}: {message.message}")
    return Alignment(messages)


async def _send(stream: Stream, sound: Sound, pace: float) -> None:
    size = round(CHUNK_S * sound.rate) * sound.encoding.sample_bytes if pace else FRAME_BYTES
    began = time.monotonic()
    for at in range(0, len(sound.data), size):
        if pace:
            due = began + (at + size) / sound.byte_rate / pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await stream.send(sound.data[at : at + size])
    await stream.stop()
