"""Ours, on Moonshine base-en, partials on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from contextlib import contextmanager

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.serving import served_process
from streamer.client import Stream, StreamError, open_stream
from streamer.protocols.native.messages import Final, Partial
from streamer.session.settings import StreamSettings


def ours() -> Peer:
    """The default model with default settings."""
    silence_s = StreamSettings(language="en").endpoint_silence_ms / 1000
    return Peer("streamer", "Moonshine base-en", silence_s, _start, _talk)


@contextmanager
def _start() -> Generator[Running]:
    with served_process(["--model", "moonshine"]) as (url, process):
        asyncio.run(_answered(url))
        yield Running(url, process.pid)


async def _answered(url: str) -> None:
    """Wait until a stream is let in and ends."""
    async with open_stream(url) as stream:
        await stream.stop()
        async for _ in stream:
            pass


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    finals: list[str] = []
    async with open_stream(address) as stream:
        sending = asyncio.create_task(_send(stream, audio))
        try:
            async for message in stream:
                if isinstance(message, Final):
                    finals.append(message.text)
                    transcript.tell(" ".join(finals))
                elif isinstance(message, Partial):
                    transcript.tell(" ".join(finals), message.text)
            await sending
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, StreamError):
                await sending


async def _send(stream: Stream, audio: Audio) -> None:
    async for piece in audio:
        await stream.send(piece)
    await stream.stop()
