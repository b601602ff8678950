"""The package's graphs without a server: the fastest that a loop over them goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from streamer.decoding.batched_engine import transcribe
from streamer.families.registry import load_model
from streamer.speech.clip import Clip


class BareLoop:
    """A model's graphs on so many threads; 0 lets the runtime choose."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._engine = load_model(folder, threads=threads)

    def transcribe(self, clips: Sequence[Clip], batch: int) -> list[str]:
        """Return the texts in order; so many at a time, the longest first, which suits it best."""
        order = sorted(range(len(clips)), key=lambda i: -len(clips[i].samples))
        texts = [""] * len(clips)
        for at in range(0, len(order), batch):
            some = order[at : at + batch]
            for place, heard in transcribe(self._engine, [clips[i] for i in some]):
                texts[some[place]] = heard.text
        return texts
