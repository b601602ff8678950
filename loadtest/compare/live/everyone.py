"""All the peers there are."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from loadtest.compare.live.peer import Peer, Running
from loadtest.compare.live.peers.ours import ours
from loadtest.compare.live.peers.realtimestt import realtimestt
from loadtest.compare.live.peers.sherpa import sherpa
from loadtest.compare.live.peers.whisper_live import whisper_live
from loadtest.compare.live.peers.whisperlivekit import whisperlivekit
from loadtest.compare.live.peers.wyoming import wyoming
from loadtest.errors import CommandError

ON_WHISPER = (wyoming, whisper_live, whisperlivekit, realtimestt)
NOWHERE = Path("missing")


def everyone(venvs: Path, whisper: Path | None) -> list[Peer]:
    """Ours first; without a Whisper model those that need one fail to start, and say so."""
    peers = [make(venvs, whisper or NOWHERE) for make in ON_WHISPER]
    if whisper is None or not (whisper / "model.bin").is_file():
        peers = [replace(one, start=_without_whisper) for one in peers]
    return [ours(), sherpa(), *peers]


@contextmanager
def _without_whisper() -> Generator[Running]:
    raise CommandError("it needs --whisper, a CTranslate2 folder of Whisper with model.bin in it")
    yield
