"""Real-time streams with partials: how many, while finals come in time.

A stream speaks for 4 s, once in 6 s, with a partial each 0.3 s whose features are kept, as the
server does. Finals go first; a partial that waits gives way to the next of its stream.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loadtest.model.gpu.facts import Facts
from loadtest.model.gpu.random_model import SAMPLE_RATE, noise, request
from streamer.decoding.resident_batcher import ResidentBatcher

UTTERANCE_S, PERIOD_S, PARTIAL_S = 4.0, 6.0, 0.3
LIMIT_S = 0.3
"""Finals at p95: what is in time."""
LATE_SHARE = 0.05
"""Of a run's finals: once more are late, p95 is, and the run ends."""
GROWTH = 1.5
PATIENCE = 3
"""A run that takes so many times its length is hopeless."""


def capacity(
    batcher: ResidentBatcher,
    prompt: Sequence[int],
    first: int,
    most: int,
    seconds: float,
    facts: Facts,
) -> None:
    """Write down runs of more and more streams, until finals are late."""
    number = first
    while number <= most and not facts.over:
        streams = Streams(number, seconds)
        waits = streams.run(batcher, prompt)
        p50, p95 = np.percentile(waits, (50, 95)).round(4).tolist() if waits else (None, None)
        facts.add(
            "live",
            streams=number,
            finals=len(waits),
            due=streams.finals,
            p50_s=p50,
            p95_s=p95,
            in_time=streams.in_time,
        )
        if not streams.in_time:
            break
        number = round(number * GROWTH)


@dataclass(frozen=True, slots=True)
class Ask:
    """A partial or the final of one utterance, when it is asked for, in seconds of the run."""

    at: float
    stream: int
    utterance: int
    heard: float

    @property
    def final(self) -> bool:
        """Whether nothing more of it comes."""
        return self.heard == UTTERANCE_S


@dataclass(slots=True)
class Streams:
    """So many streams for so long."""

    count: int
    seconds: float
    finals: int = 0
    """How many are due."""
    in_time: bool = True
    _late: int = 0
    _partials: dict[int, Ask] = field(default_factory=dict[int, Ask])
    _finals: deque[Ask] = field(default_factory=deque[Ask])
    _flying: dict[int, Ask] = field(default_factory=dict[int, Ask])
    _keys: Iterator[int] = field(default_factory=itertools.count)

    def run(self, batcher: ResidentBatcher, prompt: Sequence[int]) -> list[float]:
        """Play them; return how long each final took. Ends early once too many are late."""
        rng = np.random.default_rng(self.count)
        sound = noise(rng, UTTERANCE_S)
        due = self._asks(rng)
        self.finals = sum(one.final for one in due)
        waits: list[float] = []
        began = time.perf_counter()
        batcher.reset()
        while due or self._finals or self._partials or self._flying:
            now = time.perf_counter() - began
            while due and due[0].at <= now:
                self._take(due.popleft())
            self._join(batcher, sound, prompt)
            for key, _ in batcher.step():
                ask = self._flying.pop(key)
                if ask.final:
                    waits.append(time.perf_counter() - began - ask.at)
                    self._late += waits[-1] > LIMIT_S
            if self._late > LATE_SHARE * self.finals or now > PATIENCE * self.seconds:
                self.in_time = False
                break
            if not self._flying:
                time.sleep(0.0005)
        batcher.reset()
        return waits

    def _asks(self, rng: np.random.Generator) -> deque[Ask]:
        steps = [float(s) for s in np.arange(PARTIAL_S, UTTERANCE_S, PARTIAL_S)]
        asks = [
            Ask(float(begin) + heard, stream, utterance, heard)
            for stream, start in enumerate(rng.uniform(0, PERIOD_S, self.count))
            for utterance, begin in enumerate(np.arange(start, self.seconds, PERIOD_S))
            for heard in (*steps, UTTERANCE_S)
        ]
        return deque(sorted(asks, key=lambda one: one.at))

    def _take(self, ask: Ask) -> None:
        if ask.final:
            self._finals.append(ask)
            self._partials.pop(ask.stream, None)
        else:
            self._partials[ask.stream] = ask

    def _join(
        self, batcher: ResidentBatcher, sound: NDArray[np.float32], prompt: Sequence[int]
    ) -> None:
        while batcher.free_slots and (self._finals or self._partials):
            if self._finals:
                ask = self._finals.popleft()
            else:
                ask = self._partials.pop(next(iter(self._partials)))
            key = next(self._keys)
            self._flying[key] = ask
            incremental = None if ask.final else f"{ask.stream} {ask.utterance}"
            samples = sound[: round(SAMPLE_RATE * ask.heard)]
            batcher.join(key, request(samples, prompt, incremental))
