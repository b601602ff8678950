"""The package's graphs without a server: the fastest that a loop over them goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loadtest.batches import in_batches
from streamer.decoding.batched_engine import transcribe
from streamer.families.registry import load_model
from streamer.speech.clip import Clip


class BareLoop:
    """A model's graphs on so many threads; 0 lets the runtime choose."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._engine = load_model(folder, threads=threads)

    def transcribe(self, clips: Sequence[Clip], batch: int) -> list[str]:
        """Return the texts in order; so many at a time, the longest first, which suits it best."""
        return in_batches(clips, batch, self._batch)

    def _batch(self, clips: list[Clip]) -> list[str]:
        heard = dict(transcribe(self._engine, clips))
        return [heard[place].text for place in range(len(clips))]
