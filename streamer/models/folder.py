"""A model folder and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamer.models.errors import ModelError


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """The three files of a model."""

    encoder: Path
    decoder: Path
    tokens: Path

    @classmethod
    def find(cls, folder: Path) -> ModelFolder:
        """Look for `encoder*.onnx`, `decoder*.onnx` and `tokens.txt`.

        Raises ModelError where one is missing, or where there is a choice.
        """
        if not folder.is_dir():
            raise ModelError(f"{folder} is not a folder")
        tokens = folder / "tokens.txt"
        if not tokens.is_file():
            raise ModelError(f"{folder} has no tokens.txt")
        return cls(only(folder, "encoder"), only(folder, "decoder"), tokens)

    @property
    def encoder_bytes(self) -> int:
        """The size of the encoder's graph and of the weights beside it."""
        files = self.encoder.parent.glob(f"{self.encoder.name}*")
        return sum(file.stat().st_size for file in files)


def only(folder: Path, stem: str) -> Path:
    """Return the one graph whose name begins so; raises ModelError where there is not one."""
    found = sorted(folder.glob(f"{stem}*.onnx"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise ModelError(f"{folder} has no {stem}*.onnx")
    names = " and ".join(path.name for path in found)
    raise ModelError(f"{folder} holds {names}: keep the one to serve")
