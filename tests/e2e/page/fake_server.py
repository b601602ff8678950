"""A server of the native protocol that the tests can make do what they want.

It serves ``web/`` and ``/v1/stream`` on one port, from a thread of its own. Its "speech" is
tones: loud stretches are utterances, and the pitch of a tone says which of ``SENTENCES`` it is,
so that the same sound gives the same words in any session. It can vanish in mid-sentence and
come back.
"""

import asyncio
import json
import mimetypes
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

WEB = Path(__file__).parents[3] / "web"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; img-src 'self' data:; worker-src 'self'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
LOWEST_HZ = 300
STEP_HZ = 100
SENTENCES = (
    "Good morning, and welcome to the first meeting of the year.",
    "The train to Lisbon leaves at seven minutes past nine.",
    "Please call Margaret Osborne before the end of the week.",
    "We sold four hundred and twelve tickets on Saturday.",
    "Turn the lights down in the kitchen, and play some music.",
    "That is all for today. Thank you for listening.",
)
FRAME_S = 0.02
LOUD = 800
SILENT_FRAMES = 30
PARTIAL_FRAMES = 15


@dataclass
class Behaviour:
    """What the tests may change about the server while it runs."""

    sentences: tuple[str, ...] = SENTENCES
    languages: tuple[str, ...] = ("en",)
    demonstration: bool = False
    sample: bytes = b""
    refuse: dict[str, object] | None = None
    """Sent as a fatal error in answer to ``start``."""
    received: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Every text message of every client, in order."""


@dataclass
class Channel:
    """One channel's endpointing: loud frames open an utterance, silent ones close it."""

    number: int
    rate: int
    say: Callable[..., Any]
    sentences: tuple[str, ...]
    frames: list[NDArray[np.int16]] = field(default_factory=list[NDArray[np.int16]])
    now: int = 0
    start: int | None = None
    utterance: int = 0
    silent: int = 0

    def feed(self, frame: NDArray[np.int16]) -> None:
        self.now += 1
        loud = np.abs(frame.astype(np.int32)).max() > LOUD
        if self.start is None:
            if not loud:
                return
            self.start = self.now - 1
            self.frames = []
            self.silent = 0
            self._tell("speech_started", at=self.start * FRAME_S)
        self.frames.append(frame)
        self.silent = 0 if loud else self.silent + 1
        if self.silent >= SILENT_FRAMES:
            self.close("silence")
        elif len(self.frames) % PARTIAL_FRAMES == 0:
            self._partial()

    def close(self, reason: str) -> None:
        if self.start is None:
            return
        end = (self.now - self.silent) * FRAME_S
        self._tell("speech_ended", at=end, reason=reason)
        self._tell(
            "final",
            text=self._sentence(),
            start=self.start * FRAME_S,
            end=end,
            reason=reason,
            language="en",
            confidence=0.97,
        )
        self.start = None
        self.utterance += 1

    def _partial(self) -> None:
        assert self.start is not None
        words = self._sentence().split()[: max(1, len(self.frames) // 7)]
        text = " ".join(words)
        stable = len(" ".join(words[:-2])) if len(words) > 2 else 0
        self._tell(
            "partial", text=text, stable=stable, start=self.start * FRAME_S, end=self.now * FRAME_S
        )

    def _sentence(self) -> str:
        loud = [f for f in self.frames if np.abs(f.astype(np.int32)).max() > LOUD]
        sound = np.concatenate(loud).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound))
        pitch = np.argmax(spectrum) * self.rate / len(sound)
        return self.sentences[round((pitch - LOWEST_HZ) / STEP_HZ) % len(self.sentences)]

    def _tell(self, kind: str, **fields: object) -> None:
        self.say(kind, channel=self.number, utterance=self.utterance, **fields)


_METRICS = b'streamer_queue_jobs{kind="final"} 2.0\nstreamer_queue_jobs{kind="partial"} 3.0\n'


class FakeServer:
    """Starts and stops on demand, always on the same port."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def start(self) -> None:
        self._call(self._start())

    def stop(self) -> None:
        """Vanish as a killed process does: no close frames."""
        self._call(self._stop())

    def close(self) -> None:
        self.stop()
        self._call(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self) -> None:
        self._server = await serve(
            self._stream, "localhost", self.port, process_request=self._static, close_timeout=0.2
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def _stop(self) -> None:
        if self._server is None:
            return
        for connection in list(self._server.connections):
            connection.transport.abort()
        self._server.close()
        await self._server.wait_closed()
        self._server = None

    def _static(self, _: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0].lstrip("/")
        if path == "v1/stream":
            return None
        if path == "sample/sample.flac":
            return _answer(HTTPStatus.OK, "audio/wav", self.behaviour.sample)
        if path == "readyz":
            return _answer(HTTPStatus.OK, "text/plain", b"ready")
        if path == "metrics":
            return _answer(HTTPStatus.OK, "text/plain", _METRICS)
        file = (WEB / (path or "index.html")).resolve()
        if not file.is_relative_to(WEB) or not file.is_file():
            return _answer(HTTPStatus.NOT_FOUND, "text/plain", b"not found")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return _answer(HTTPStatus.OK, kind, file.read_bytes())

    async def _stream(self, connection: ServerConnection) -> None:
        try:
            await self._converse(connection)
        except ConnectionClosed:
            return

    async def _converse(self, connection: ServerConnection) -> None:
        behaviour = self.behaviour
        outgoing: list[str] = []

        def say(kind: str, **fields: object) -> None:
            outgoing.append(json.dumps({"type": kind, **fields}))

        channels: list[Channel] = []
        held = b""
        received = acknowledged = 0.0
        rate = 16000
        async for message in connection:
            if isinstance(message, str):
                order = json.loads(message)
                behaviour.received.append(order)
                if order["type"] == "start":
                    if behaviour.refuse and "sample_rate" in order:
                        await connection.send(json.dumps({"type": "error", **behaviour.refuse}))
                        await connection.close(1008)
                        return
                    rate = order.get("sample_rate", 16000)
                    channels = [
                        Channel(number, rate, say, behaviour.sentences)
                        for number in range(order.get("channels", 1))
                    ]
                    say(
                        "ready",
                        session="fake",
                        model="a tone listener",
                        languages=behaviour.languages,
                        demonstration=behaviour.demonstration,
                    )
                elif order["type"] in ("flush", "stop"):
                    for channel in channels:
                        channel.close(order["type"])
                if order["type"] == "stop":
                    say("done", audio=received, utterances=sum(c.utterance for c in channels))
            else:
                held += message
                frames, held = _split(held, rate, len(channels))
                for frame in frames:
                    for channel in channels:
                        channel.feed(frame[:, channel.number])
                    received += FRAME_S
                if received - acknowledged > 0.5 and all(c.start is None for c in channels):
                    acknowledged = received
                    say("acknowledged", audio=received)
            for text in outgoing:
                await connection.send(text)
            finished = any('"done"' in text for text in outgoing)
            outgoing.clear()
            if finished:
                return


async def _end_tasks() -> None:
    """Let go of connections that a browser opened in advance and never used."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the next turn


def _split(held: bytes, rate: int, channels: int) -> tuple[list[NDArray[np.int16]], bytes]:
    """Whole 20 ms frames, each (samples, channels), and the bytes left over."""
    size = round(rate * FRAME_S) * channels * 2
    count = len(held) // size
    frames = [
        np.frombuffer(held[n * size : (n + 1) * size], dtype="<i2").reshape(-1, channels)
        for n in range(count)
    ]
    return frames, held[count * size :]


def _answer(status: HTTPStatus, kind: str, body: bytes) -> Response:
    headers = Headers()
    headers["Content-Type"] = kind
    headers["Content-Length"] = str(len(body))
    headers["Content-Security-Policy"] = POLICY
    headers["Cache-Control"] = "no-store"
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, body)


def tones(count: int, rate: int = 48000, *, pause_s: float = 0.8) -> NDArray[np.float32]:
    """``count`` utterances of 1.2 s, the n-th at the pitch of the n-th sentence; in [-0.3, 0.3]."""
    pieces: list[NDArray[np.float32]] = []
    times = np.arange(round(1.2 * rate)) / rate
    for n in range(count):
        # Loudness that comes and goes like syllables, so that no gain control takes it for noise.
        loudness = 0.2 + 0.1 * np.sin(2 * np.pi * 4 * times)
        tone = loudness * np.sin(2 * np.pi * (LOWEST_HZ + n * STEP_HZ) * times)
        pieces += [np.zeros(round(pause_s * rate), np.float32), tone.astype(np.float32)]
    return np.concatenate([*pieces, np.zeros(rate, np.float32)])


@contextmanager
def running() -> Generator[FakeServer]:
    """A fake server that listens, and is gone afterwards."""
    server = FakeServer()
    server.start()
    try:
        yield server
    finally:
        server.close()
