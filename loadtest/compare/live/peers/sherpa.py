"""sherpa-onnx's offline WebSocket server on the published Moonshine graphs, without partials."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from loadtest.compare.live.peer import Audio, Peer, Running, Transcript
from loadtest.compare.live.peers.whole_utterances import silence_s, talk_in_utterances
from loadtest.compare.sherpa import (
    Threads,
    moonshine_arguments,
    sherpa_connection,
    sherpa_process,
)
from streamer.models.registry import resolve

THREADS = Threads(os.cpu_count() or 1, 1)
"""As many utterances at once as cores: its best of those that `compare moonshine` tries."""


def sherpa() -> Peer:
    """Installed with the extra loadtest."""
    return Peer("sherpa-onnx", "Moonshine base-en", silence_s(), _start, _talk, partials=False)


@contextmanager
def _start() -> Generator[Running]:
    with tempfile.TemporaryDirectory() as scratch:
        arguments = moonshine_arguments(resolve("moonshine"), Path(scratch))
        with sherpa_process(arguments, THREADS) as (address, pid):
            yield Running(address, pid)


async def _talk(address: str, audio: Audio, transcript: Transcript) -> None:
    async with sherpa_connection(address) as connection:
        await talk_in_utterances(audio, transcript, connection.transcribe)
