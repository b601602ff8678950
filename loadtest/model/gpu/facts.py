"""What was measured, written down at once: a run that is killed keeps what it had."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


class Facts:
    """JSON lines on standard output and in a file, each with its time and the device's memory."""

    def __init__(self, path: Path, device: str, until_s: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._cuda = device == "cuda"
        self._began = time.monotonic()
        self._until = until_s
        self.good = True
        """Whether all that was checked was as it should be."""

    @property
    def over(self) -> bool:
        """Whether the time is up: nothing new may begin."""
        return time.monotonic() - self._began > self._until

    def add(self, what: str, **values: object) -> None:
        """Write down one measurement."""
        at_s = round(time.monotonic() - self._began, 1)
        line = json.dumps({"what": what, "at_s": at_s, "used_MiB": self._used_mib(), **values})
        print(line, flush=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def check(self, good: bool) -> None:
        """Note whether something was as it should be."""
        self.good = self.good and bool(good)

    def _used_mib(self) -> int | None:
        """Memory in use on the device, by whomever."""
        if not self._cuda:
            return None
        import torch

        free, total = torch.cuda.mem_get_info()
        return round((total - free) / 2**20)


def timed_ms(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return milliseconds of the first call, which makes plans, and the median of later ones."""
    times: list[float] = []
    for _ in range(repeats + 2):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return round(times[0], 2), round(float(np.median(times[2:])), 3)
