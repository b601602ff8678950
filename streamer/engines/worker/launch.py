"""What the engine's processes are started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from streamer.models.errors import ModelError
from streamer.onnx.providers import Provider
from streamer.onnx.sessions import usable_cores

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""What CUDA is told of the GPUs that a process may see, and number from 0."""

ON_CPU = ("auto", "cpu")
"""Providers with which a process may take every core that it is not denied."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Which model, where, and how the log is written; `gpu` is one of those that we may see."""

    folder: Path
    provider: Provider
    threads: int
    max_batch: int
    log_format: Literal["text", "json"]
    gpu: int | None = None
    label: str = "the engine's process"
    """What the log calls it."""

    @property
    def command(self) -> Sequence[str]:
        """The words that start the process; the number of its socket follows."""
        written = LAUNCHES.dump_json(self).decode()
        return sys.executable, "-m", "streamer.engines.worker", written

    @property
    def environment(self) -> Mapping[str, str] | None:
        """One in which its GPU is the only one, or ours; raises ModelError if there is none."""
        if self.gpu is None:
            return None
        seen = [one.strip() for one in os.environ.get(VISIBLE, "").split(",") if one.strip()]
        if seen and self.gpu >= len(seen):
            told = f"{VISIBLE} shows {len(seen)}"
            raise ModelError(f"there is no device cuda:{self.gpu}: {told}")
        return {**os.environ, VISIBLE: seen[self.gpu] if seen else str(self.gpu)}


def launches(model: Launch, devices: Sequence[str], each: int) -> Sequence[Launch]:
    """Write a launch for each process: so many on each device, or wherever the model says.

    Processes on CPUs share the cores where nobody has said how many threads each may have.
    """
    places = [_on(model, device) for device in devices] or [model]
    wanted = [place for place in places for _ in range(each)]
    if len(wanted) == 1:
        return wanted
    on_cpu = sum(one.provider in ON_CPU for one in wanted)
    share = max(1, usable_cores() // on_cpu) if on_cpu else 0
    return [
        replace(
            one,
            threads=one.threads or (share if one.provider in ON_CPU else 0),
            label=f"process {number} of the engine",
        )
        for number, one in enumerate(wanted)
    ]


def _on(model: Launch, device: str) -> Launch:
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return replace(model, provider="cpu")
    return replace(model, provider="cuda", gpu=int(number))


LAUNCHES: TypeAdapter[Launch] = TypeAdapter(Launch)
