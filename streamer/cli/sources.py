"""The recordings that a command is given: files by their paths, and standard input."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from streamer.audio.isolation.file import IsolatedFile
from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.text import shown

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A recording as it was `given`; `copy` holds what came through standard input."""

    given: str
    copy: BinaryIO | None = None

    @property
    def name(self) -> str:
        """What messages call it, printable."""
        return "standard input" if self.copy is not None else shown(self.given)

    @property
    def stem(self) -> str:
        """The name of its transcript."""
        return "stdin" if self.copy is not None else Path(self.given).stem

    def open(self, rate: int) -> IsolatedFile:
        """Open it to be read at `rate` Hz; raises AudioFileError."""
        return IsolatedFile(Path(self.given) if self.copy is None else self.copy, rate, self.name)

    def close(self) -> None:
        """Let go of what came through standard input."""
        if self.copy is not None:
            self.copy.close()


def sources_of(given: list[str]) -> list[Source]:
    """Find out what is meant; standard input is read to its end, since decoders jump about."""
    if given.count(STANDARD_INPUT) > 1:
        raise CommandError("standard input (-) can be read once only", ExitCode.USAGE)
    return [Source(one, _copied() if one == STANDARD_INPUT else None) for one in given]


def _copied() -> BinaryIO:
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - closed by `<&-`
        raise CommandError("standard input is closed")
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with the process
    try:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    except OSError as error:
        raise CommandError(f"standard input: {error.strerror}") from error
    copy.seek(0)
    return copy
