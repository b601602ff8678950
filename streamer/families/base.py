"""What a model family is to the rest of the house."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from streamer.decoding.step_engine import StepEngine
from streamer.onnx.providers import Provider


class ModelFamily(Protocol):
    """Loads models of one kind from their folders."""

    @property
    def name(self) -> str:
        """What its models are called together."""
        ...

    def recognises(self, folder: Path) -> bool:
        """Tell from a folder's files whether it holds a model of this family."""
        ...

    def load(self, folder: Path, *, provider: Provider, threads: int) -> StepEngine:
        """Load a model and try it once.

        `threads` of 0 lets the family choose. Raises ModelError, with what is wrong, for a folder
        that cannot be served.
        """
        ...
