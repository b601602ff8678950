"""Servers that take whole utterances: the client ends them, with our own rules and detector."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from loadtest.compare.live.peer import Audio, Transcript
from loadtest.cutting import Cutter, Utterance
from streamer.audio.encodings import Encoding
from streamer.speech.clip import Clip


async def talk_in_utterances(
    audio: Audio, transcript: Transcript, transcribe: Callable[[Clip], Awaitable[str]]
) -> None:
    """Cut the audio, and send one utterance after the other."""
    cutter = Cutter(Encoding.PCM_S16LE)
    waiting: asyncio.Queue[Utterance | None] = asyncio.Queue()
    texts: list[str] = []

    async def answer() -> None:
        while (utterance := await waiting.get()) is not None:
            texts.append(await transcribe(utterance.clip))
            transcript.tell(" ".join(filter(None, texts)))

    async with asyncio.TaskGroup() as group:
        group.create_task(answer())
        async for piece in audio:
            for utterance in cutter.feed(piece):
                waiting.put_nowait(utterance)
        waiting.put_nowait(None)


def silence_s() -> float:
    """The endpoint's silence of these clients."""
    return Cutter(Encoding.PCM_S16LE).silence_s
