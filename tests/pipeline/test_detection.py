"""The thread that judges frames: everybody's own answers, in order, whoever else is there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from vad.networks import LoudNetwork

from streamer.pipeline.detection import GATHER_FROM, SEQUENCE, VoiceDetection
from streamer.session.detection import Detect
from streamer.session.inputs import Detected
from streamer.vad.silero import FRAME_SAMPLES, Network, Request, Rows, SileroStream, step

Levels = list[float]


@asynccontextmanager
async def judging(network: Network) -> AsyncGenerator[VoiceDetection]:
    detection = VoiceDetection(network)
    detection.start()
    try:
        yield detection
    finally:
        await detection.close()


def asked(*rows: Levels) -> Detect:
    samples = np.repeat(np.array(rows, np.float32), FRAME_SAMPLES, axis=1)
    return Detect(samples.reshape(len(rows), -1, FRAME_SAMPLES))


def alone(levels: Levels) -> tuple[float, ...]:
    """What the network finds in them, frame by frame."""
    request = Request(SileroStream(), asked(levels).frames[0])
    network = LoudNetwork()
    while len(request.rest):
        step(network, [request])
    return tuple(request.found)


class Listener:
    """Collects answers; `frames` is set when so many are there."""

    def __init__(self, wanted: int) -> None:
        self.rows: list[tuple[float, ...]] = []
        self.all_there = asyncio.Event()
        self._wanted = wanted

    def __call__(self, found: Detected) -> None:
        if not self.rows:
            self.rows = [()] * len(found.probabilities)
        self.rows = [had + row for had, row in zip(self.rows, found.probabilities, strict=True)]
        if len(self.rows[0]) == self._wanted:
            self.all_there.set()


async def test_streams_and_files_together_get_what_each_gets_alone() -> None:
    rng = np.random.default_rng(7)
    everyone: list[tuple[Listener, list[Levels]]] = []
    network = LoudNetwork()
    async with judging(network) as detection, asyncio.timeout(20):
        for number in range(GATHER_FROM + 4):
            rows = [rng.choice([0.0, 0.01, 0.2], 300).tolist() for _ in range(1 + number % 2)]
            listener = Listener(300)
            stream = detection.open(len(rows), listener)
            sizes = [300] if number == 0 else [1, 2, 3, 40, 4]  # one of them is a file
            at = 0
            while at < 300:
                size = sizes[at % len(sizes)]
                stream.submit(asked(*(row[at : at + size] for row in rows)))
                at += size
            everyone.append((listener, rows))
        for listener, rows in everyone:
            await listener.all_there.wait()
            assert listener.rows == [alone(row) for row in rows]
    assert max(network.sizes) > 1, "steps are taken together"
    assert min(network.sizes) == -SEQUENCE, "a file's frames go in a row, a second at a time"


async def test_nobody_hears_of_a_stream_that_is_closed() -> None:
    network, held = LoudNetwork(), threading.Event()
    real = network.step

    def slow(rows: Rows, state: Rows) -> tuple[Rows, Rows]:
        held.wait(5)
        return real(rows, state)

    network.step = slow
    gone, here = Listener(1), Listener(1)
    async with judging(network) as detection, asyncio.timeout(10):
        first, second = detection.open(1, gone), detection.open(1, here)
        for _ in range(3):
            first.submit(asked([0.2, 0.2, 0.2]))
        second.submit(asked([0.2]))
        first.close()
        held.set()
        await here.all_there.wait()
    assert gone.rows == []


async def test_what_cannot_be_judged_counts_as_speech(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(LoudNetwork):
        def step(self, rows: Rows, state: Rows) -> tuple[Rows, Rows]:
            raise RuntimeError("no more memory")

    listener = Listener(2)
    async with judging(Broken()) as detection, asyncio.timeout(10):
        detection.open(1, listener).submit(asked([0.0, 0.0]))
        await listener.all_there.wait()
    assert listener.rows == [(1.0, 1.0)]
    assert "could not be judged" in caplog.text
