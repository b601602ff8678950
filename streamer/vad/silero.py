"""Silero's detector: one small recurrent network, run for many streams together.

What it says of a stream depends on that stream's samples alone, to the last bit: batches, pieces
and company change nothing (its graphs give the same numbers for a row alone and among others).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FRAME_SAMPLES = 512
"""32 ms at 16 kHz, the only length that it takes."""

CONTEXT_SAMPLES = 64
"""Of the frame before, which the graph wants in front of each frame. Without them it runs all the
same and finds no speech at all (0 % of the frames of a speech, and 68 % with them)."""

STATE = 128
"""Numbers in each of the two vectors that the network remembers."""

RESET_FRAMES = 2 * 16_000 // FRAME_SAMPLES + 1
"""2 s: its memory is cleared no more often than this. pipecat's rule, which this and the next two
are. Without it speech after two minutes of music was heard 0.32 s late, with it at once."""

RESET_BELOW = 0.1
"""Five frames in a row below this are certainly no speech."""

_RESET_RUN = 5

QUIET_FRAMES = 200 * 16 // FRAME_SAMPLES + 1
"""200 ms without speech: a reset in a pause between two words could end an utterance."""

SPOKEN = 0.35
"""What speech stays above, once begun, by Silero's own hysteresis."""

Rows = NDArray[np.float32]


class Network(Protocol):
    """The graphs; both give the same numbers."""

    def step(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        """Judge a frame each of n streams: (n, 576), (2, n, 128) -> (n,), (2, n, 128)."""
        ...

    def sequence(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        """Judge n frames of one stream: (n, 576), (2, 1, 128) -> (n,), (2, 1, 128)."""
        ...


@dataclass(slots=True, eq=False)
class SileroStream:
    """What is remembered of one channel."""

    state: Rows = field(default_factory=lambda: np.zeros((2, STATE), np.float32))
    context: Rows = field(default_factory=lambda: np.zeros(CONTEXT_SAMPLES, np.float32))
    _age: int = 0  # frames since the memory was last cleared
    _calm: int = 0  # frames in a row below RESET_BELOW
    _quiet: int = 0  # frames in a row without speech

    def rows(self, frames: Rows) -> Rows:
        """Put its context before each of the next (n, 512) frames: (n, 576)."""
        rows = np.empty((len(frames), CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        rows[:, CONTEXT_SAMPLES:] = frames
        rows[0, :CONTEXT_SAMPLES] = self.context
        rows[1:, :CONTEXT_SAMPLES] = frames[:-1, -CONTEXT_SAMPLES:]
        return rows

    def judged(self, frames: Rows, probabilities: Rows, state: Rows) -> int:
        """Take what was found in frames; return how many of them count.

        A reset makes what was found behind it worthless: those frames are to be judged again.
        """
        for at, probability in enumerate(probabilities.tolist()):
            self._age += 1
            self._calm = self._calm + 1 if probability < RESET_BELOW else 0
            self._quiet = self._quiet + 1 if probability < SPOKEN else 0
            calm = self._calm >= _RESET_RUN and self._quiet >= QUIET_FRAMES
            if calm and self._age >= RESET_FRAMES:
                self._age = 0
                self.state = np.zeros((2, STATE), np.float32)
                self.context = np.zeros(CONTEXT_SAMPLES, np.float32)
                return at + 1
        self.state = state
        self.context = frames[-1, -CONTEXT_SAMPLES:].copy()
        return len(frames)


@dataclass(slots=True, eq=False)
class Request:
    """Frames of one stream, (n, 512), and their probabilities so far."""

    stream: SileroStream
    frames: Rows
    found: list[float] = field(default_factory=list[float])

    @property
    def rest(self) -> Rows:
        """The frames that are not judged yet."""
        return self.frames[len(self.found) :]


def step(network: Network, requests: Sequence[Request]) -> None:
    """Judge the next frame of each request; their streams must be different ones."""
    rows = np.concatenate([one.stream.rows(one.rest[:1]) for one in requests])
    state = np.stack([one.stream.state for one in requests], axis=1)
    probabilities, state = network.step(rows, state)
    for at, one in enumerate(requests):
        # A copy: a view would keep the states of the whole company in memory.
        one.stream.judged(one.rest[:1], probabilities[at : at + 1], state[:, at].copy())
        one.found.append(float(probabilities[at]))


def advance(network: Network, request: Request, frames: int) -> None:
    """Judge up to so many of the next frames of one request, in one go."""
    rest = request.rest[:frames]
    stream = request.stream
    probabilities, state = network.sequence(stream.rows(rest), stream.state[:, None])
    count = stream.judged(rest, probabilities, state[:, 0])
    request.found += probabilities[:count].tolist()
