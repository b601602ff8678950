"""One clip said to a door at the speed of life, and when its last final came."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from loadtest.run.ttfs.doors import Door
from loadtest.run.wer.noises import Samples
from streamer.speech.clip import SAMPLE_RATE
from streamer.vad.base import DetectorOptions
from streamer.vad.webrtc import WebrtcDetector

PIECE_S = 0.02
STOP_S = 0.2
"""Silence after which the client's detector says that speech is over."""
LEAST_SPEECH_S = 0.2
"""Speech before it says that there is some."""
PATIENCE_S = 10.0
"""How long zeros follow a clip whose final does not come."""
AFTERMATH_S = 2.0
"""For how long a final that says nothing new of the last silence is waited for behind another."""
LOUD_DB = 32.0
"""Within so much of its loudest a clip's sound counts as heard by people."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What is said, and the seconds at which the client's detector tells that speech is over."""

    samples: Samples
    stops: tuple[float, ...]
    loud_until: float

    @classmethod
    def of(cls, samples: Samples) -> Clip:
        """Listen to (n,) samples at 16 kHz as the client does, with zeros behind them."""
        heard = np.concatenate([samples, np.zeros(SAMPLE_RATE, np.float32)])
        return cls(samples, tuple(_stops(heard)), _loud_until(samples))


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds to the last final: from the beginning of the silence, from the last loud sample."""

    ttfs_s: float
    since_loud_s: float
    text: str


async def say(url: str, door: Door, clip: Clip) -> Timing | None:
    """Say a clip over a connection of its own; None where no final follows the last silence."""
    async with connect(f"{url}{door.path}", compression=None, max_size=None) as ws:
        for message in door.opening:
            await ws.send(message)
        while door.accepted is not None and json.loads(await ws.recv())["type"] != door.accepted:
            pass
        return await _Speaker(ws, door, clip).say()


class _Speaker:
    def __init__(self, ws: ClientConnection, door: Door, clip: Clip) -> None:
        self._ws = ws
        self._door = door
        self._clip = clip
        self._asked = 0
        self._silent_since = float("inf")  # by this machine's clock, of the last silence
        self._final_at: float | None = None
        self._texts: list[str] = []

    async def say(self) -> Timing | None:
        listening = asyncio.create_task(self._listen())
        try:
            began = await self._speak()
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        if not listening.cancelled() and (error := listening.exception()) is not None:
            raise error
        if self._final_at is None:
            return None
        return Timing(
            self._final_at - self._silent_since,
            self._final_at - began - self._clip.loud_until,
            " ".join(filter(None, self._texts)),
        )

    async def _speak(self) -> float:
        """Send pieces, each when it has been said, and ask for finals; return when it began."""
        began, until, sent = time.monotonic(), None, 0
        pieces = self._pieces()
        last = len(self._clip.samples) / SAMPLE_RATE + PATIENCE_S
        while until is None or sent * PIECE_S < until:
            sent += 1
            await asyncio.sleep(max(0.0, began + sent * PIECE_S - time.monotonic()))
            await self._ws.send(self._door.wrap(next(pieces)))
            await self._ask(sent * PIECE_S)
            over = self._asked == len(self._clip.stops) and self._final_at is not None
            if until is None and (over or sent * PIECE_S > last):
                until = sent * PIECE_S + AFTERMATH_S
        return began

    def _pieces(self) -> Iterator[bytes]:
        samples = np.clip(self._door.at_its_rate(self._clip.samples), -1, 1)
        data = (samples * 32767).astype("<i2").tobytes()
        size = 2 * round(PIECE_S * self._door.rate)
        for at in range(0, len(data), size):
            yield data[at : at + size].ljust(size, b"\0")
        while True:
            yield bytes(size)

    async def _ask(self, said_s: float) -> None:
        stops = self._clip.stops
        if self._asked < len(stops) and said_s >= stops[self._asked]:
            self._asked += 1
            self._silent_since = time.monotonic() - STOP_S
            self._final_at = None
            await self._ws.send(self._door.ask)

    async def _listen(self) -> None:
        async for message in self._ws:
            text = self._door.final(json.loads(message))
            if text is None:
                continue
            self._texts.append(text)
            if self._final_at is None and time.monotonic() >= self._silent_since:
                self._final_at = time.monotonic()


def _stops(samples: Samples) -> Iterator[float]:
    """Yield where speech was over for so long, each time that there was some before."""
    detector = WebrtcDetector(DetectorOptions())
    size = detector.frame_samples
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    stop, least = (round(seconds * SAMPLE_RATE / size) for seconds in (STOP_S, LEAST_SPEECH_S))
    speaking, voiced, still = False, 0, 0
    for at, probability in enumerate(detector.speech(frames).tolist()):
        voiced = voiced + 1 if probability >= 0.5 else 0
        still = still + 1 if not voiced else 0
        speaking = speaking or voiced >= least
        if speaking and still >= stop:
            speaking = False
            yield (at + 1) * size / SAMPLE_RATE


def _loud_until(samples: Samples) -> float:
    size = SAMPLE_RATE // 100
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    levels = 10 * np.log10(np.vecdot(frames, frames) / size + 1e-12)
    loud = np.flatnonzero(levels >= np.percentile(levels, 95) - LOUD_DB)
    return float(loud[-1] + 1) * size / SAMPLE_RATE
