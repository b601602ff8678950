"""What a run tells: JSON lines in a file, a progress bar with the losses and the last WER."""

import json
import time
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class RunLog:
    """A line holds the mean losses since the line before, and the hours of audio an hour."""

    def __init__(self, path: Path, step: int, steps: int, processes: int, *, visible: bool) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._processes = processes
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, disable=not visible)
        self._task = self._bar.add_task("training", total=steps, completed=step, state="")
        self._wer = ""
        self._clear()

    def __enter__(self) -> "RunLog":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        self._file.close()

    def add(self, losses: dict[str, float], seconds: float) -> None:
        """One step's losses and the audio in its batch."""
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        self._audio += seconds * self._processes
        state = " ".join(f"{name} {total / self._count:.2f}" for name, total in self._sums.items())
        self._bar.update(self._task, advance=1, state=f"{state} {self._wer}")

    def write(self, step: int, scores: dict[str, Any]) -> None:
        """Ends a line, with the validation's scores by split where there was one."""
        line: dict[str, Any] = {"step": step, "time": time.strftime("%H:%M:%S")}
        line["speed"] = round(self._audio / (time.monotonic() - self._began))
        line |= {name: round(total / self._count, 3) for name, total in self._sums.items()}
        print(json.dumps(line | scores), file=self._file, flush=True)
        self._wer = " ".join(f"WER {s['wer']:.2f} ({n})" for n, s in scores.items()) or self._wer
        self._clear()

    def _clear(self) -> None:
        self._sums: dict[str, float] = {}
        self._count, self._audio, self._began = 0, 0.0, time.monotonic()
