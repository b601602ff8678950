"""What is to be heard: a manifest's recordings, with what is said in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from loadtest.errors import CommandError
from streamer.audio.files import AudioFile
from streamer.speech.clip import SAMPLE_RATE

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file; `text` is empty where nobody speaks."""

    path: Path
    text: str

    def samples(self) -> NDArray[np.float32]:
        """Read (n,) samples at 16 kHz; raises AudioFileError."""
        return np.concatenate(list(AudioFile(self.path, SAMPLE_RATE).blocks(1.0)))


class _Line(BaseModel):
    """What is read of a line; more may stand there."""

    file: str
    kind: str
    text: str = ""
    language: str | None = None


def read_manifest(source: Path) -> list[Recording]:
    """Read a manifest, or that of a folder: a JSON object a line, as docs/guide.md tells.

    Raises CommandError with the first line that is wrong.
    """
    path = source / MANIFEST if source.is_dir() else source
    found: list[Recording] = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = _Line.model_validate(json.loads(text))
        except (json.JSONDecodeError, ValidationError) as error:
            first = str(error).partition("\n")[0]
            raise CommandError(f"{path}, line {number} is no recording: {first}") from error
        if line.kind == "speech" and not (line.language or "en").startswith("en"):
            raise CommandError(f"{path}, line {number}: only English can be scored")
        found.append(Recording(path.parent / line.file, line.text if line.kind == "speech" else ""))
    if not any(one.text for one in found):
        raise CommandError(f"{path}: nobody speaks in any of these")
    return found


def spread(recordings: Sequence[Recording], most: int) -> list[Recording]:
    """Choose at most so many, from the beginning to the end in even steps."""
    if len(recordings) <= most:
        return list(recordings)
    return [recordings[at * len(recordings) // most] for at in range(most)]
