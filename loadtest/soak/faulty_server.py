"""`streamer serve` with an engine, a clock and a disk that fail when told to on standard input.

    python -m loadtest.soak.faulty_server serve --port 0 …

A line each: `exception`, `memory`, `hang SECONDS` (the engine's next step), `clock SECONDS` (sets
the wall clock back), `disk BYTES` (no file grows beyond that). For `soak faults` alone.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from unittest.mock import patch

from streamer.cli import loading
from streamer.cli.main import main
from streamer.decoding.step_engine import StepEngine
from streamer.engines.local import LocalEngine
from streamer.settings import Settings
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Outcome


class FaultyEngine:
    """Another engine, whose next step fails as it was told to."""

    def __init__(self, engine: StepEngine) -> None:
        self._engine = engine
        self._fault: list[str] = []

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    @property
    def free_slots(self) -> int:
        return self._engine.free_slots

    def join(self, key: int, clip: Clip) -> None:
        self._engine.join(key, clip)

    def step(self) -> Sequence[tuple[int, Outcome]]:
        match self._fault:
            case ["exception"]:
                self._fault = []
                raise RuntimeError("told to fail")
            case ["memory"]:
                self._fault = []
                raise MemoryError("told to fail")
            case ["hang", seconds]:
                self._fault = []
                time.sleep(float(seconds))
            case _:
                pass
        return self._engine.step()

    def drop(self, key: int) -> None:
        self._engine.drop(key)

    def reset(self) -> None:
        self._engine.reset()

    def obey(self) -> None:
        """Read orders until there are no more."""
        for line in sys.stdin:
            match line.split():
                case ["clock", seconds]:
                    time.time = _late(time.time, float(seconds))
                case ["disk", size]:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.RLIM_INFINITY))
                case order:
                    self._fault = order


def _late(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() - seconds


def _load(settings: Settings, tell: loading.Tell | None = None) -> LocalEngine:
    engine = FaultyEngine(loading.load_step_engine(settings, tell))
    threading.Thread(target=engine.obey, daemon=True).start()
    return LocalEngine(engine, settings.max_batch)


if __name__ == "__main__":
    with patch("streamer.cli.serve.load_engine", _load):
        sys.exit(main())
