"""An engine whose answers a test gives, one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engines import CountingEngine, words_of

from streamer.engines.base import Capacity, Done
from streamer.speech.clip import Clip
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Outcome


@dataclass
class EngineByHand:
    """`in_flight` is what was submitted and has no answer, `log` the seconds of all that was."""

    slots: int = 4
    trouble: str | None = None
    dead: bool = False
    busy_s: float = 0.0
    partial_every_s: float = 0.0
    in_flight: dict[int, tuple[Clip, Done]] = field(default_factory=dict[int, tuple[Clip, Done]])
    log: list[float] = field(default_factory=list[float])
    closed: bool = False
    info: EngineInfo = field(default_factory=lambda: CountingEngine().info)
    on_change: Callable[[], None] = lambda: None

    def start(self, on_change: Callable[[], None]) -> None:
        self.on_change = on_change

    def submit(self, key: int, clip: Clip, done: Done) -> None:
        self.in_flight[key] = clip, done
        self.log.append(clip.seconds)

    def cancel(self, key: int) -> None:
        self.in_flight.pop(key, None)

    def capacity(self) -> Capacity:
        free = 0 if self.trouble else max(0, self.slots - len(self.in_flight))
        return Capacity(
            free,
            self.slots,
            self.busy_s,
            self.trouble,
            self.dead,
            partial_every_s=self.partial_every_s,
        )

    async def close(self) -> None:
        self.closed = True

    def answer(self, outcome: Outcome | None = None) -> None:
        """Answer the oldest clip, with its words if with nothing else."""
        key = next(iter(self.in_flight))
        clip, done = self.in_flight.pop(key)
        done(outcome or words_of(clip))
        self.on_change()

    def change(self, trouble: str | None) -> None:
        self.trouble = trouble
        self.on_change()
