"""A server of the native protocol that the tests can make do what they want.

It serves ``web/`` and ``/v1/stream`` on one port, from a thread of its own, and hears the
sentences of ``tones.py``. It can vanish in mid-sentence and come back.
"""

import asyncio
import json
import mimetypes
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from e2e.page.tones import FRAME_S, SENTENCES, Channel
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


@dataclass
class Behaviour:
    """What the tests may change about the server while it runs."""

    sentences: tuple[str, ...] = SENTENCES
    languages: tuple[str, ...] = ("en",)
    demonstration: bool = False
    word_timings: bool = False
    sample: bytes = b""
    refuse: dict[str, object] | None = None
    """Sent as a fatal error in answer to ``start``."""
    received: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Every text message of every client, in order."""


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
                    judges = order.get("turn", "silence") != "silence"
                    speaks = order.get("words", False)
                    channels = [
                        Channel(number, rate, say, behaviour.sentences, speaks, judges=judges)
                        for number in range(order.get("channels", 1))
                    ]
                    say(
                        "ready",
                        session="fake",
                        model="a tone listener",
                        languages=behaviour.languages,
                        demonstration=behaviour.demonstration,
                        word_timings=behaviour.word_timings,
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


@contextmanager
def running() -> Generator[FakeServer]:
    """A fake server that listens, and is gone afterwards."""
    server = FakeServer()
    server.start()
    try:
        yield server
    finally:
        server.close()
