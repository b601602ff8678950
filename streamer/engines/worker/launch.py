"""What the engine's process is started with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Launch:
    """Which model, where, and how the log is written."""

    folder: Path
    provider: Literal["auto", "cuda", "cpu"]
    threads: int
    max_batch: int
    log_format: Literal["text", "json"]

    @property
    def command(self) -> Sequence[str]:
        """The words that start the process; the number of its socket follows."""
        written = LAUNCHES.dump_json(self).decode()
        return sys.executable, "-m", "streamer.engines.worker", written


LAUNCHES: TypeAdapter[Launch] = TypeAdapter(Launch)
