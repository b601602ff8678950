"""A server that has no model of its own, before one that has: the same words."""

from __future__ import annotations

from collections.abc import AsyncIterator

from servers import running
from synthetic import SAMPLE

from streamer.audio.files import AudioFile
from streamer.cli.loading import load_step_engine
from streamer.client import transcribe
from streamer.engines.upstream.address import parse_upstream
from streamer.engines.upstream.loading import Wanted, load_upstream
from streamer.protocols.native.messages import Final
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.pcm16 import to_pcm16


async def finals_of(server: TranscriptionServer) -> list[Final]:
    pieces = [to_pcm16(block).tobytes() for block in AudioFile(SAMPLE, SAMPLE_RATE).blocks(1.0)]
    host, port = server.address

    async def audio() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    url = f"ws://{host}:{port}/v1/stream"
    messages = [one async for one in transcribe(audio(), url, partials=False)]
    return [one for one in messages if isinstance(one, Final)]


async def test_finals_are_equal_word_for_word() -> None:
    engine = load_step_engine(Settings(threads=1))
    async with running(engine) as near:
        host, port = near.address
        upstream = parse_upstream(f"upstream:streamer+http://{host}:{port}")
        async with running(await load_upstream(upstream, Wanted())) as far:
            direct, through = await finals_of(near), await finals_of(far)
    assert len(direct) >= 4
    assert [one.confidence for one in through] == [None] * len(direct)
    assert [one.model_copy(update={"confidence": None}) for one in direct] == through
