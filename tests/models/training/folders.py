"""Where a run keeps its things: all under one working folder, outside the repository."""

from dataclasses import dataclass
from pathlib import Path

from tests.models.training.sizes import SizeName


@dataclass(frozen=True, slots=True)
class Folders:
    """Speech and vocabulary belong to every size, checkpoints and log to one."""

    work: Path
    size: SizeName = "default"

    @property
    def shards(self) -> Path:
        """Clean speech."""
        return self.work / "shards"

    @property
    def choice(self) -> Path:
        """Held-out speech by which checkpoints are chosen."""
        return self.work / "choice"

    @property
    def vocabulary(self) -> Path:
        """Pieces and ``tokens.txt``."""
        return self.work / "vocabulary"

    @property
    def checkpoints(self) -> Path:
        """The last state, and weights kept on the way."""
        return self.work / f"checkpoints{self._suffix}"

    @property
    def log(self) -> Path:
        """Losses and word error rates by step."""
        return self.work / f"log{self._suffix}.jsonl"

    @property
    def last(self) -> Path:
        """What a run resumes from."""
        return self.checkpoints / "last.pt"

    @property
    def _suffix(self) -> str:
        return "" if self.size == "default" else f"-{self.size}"
