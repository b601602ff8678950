"""What one client does, no other client may feel."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
from engines import CountingEngine
from servers import client, get, of_type, receive, receive_all, receive_until, send, serving
from sounds import pcm, voice
from websockets.asyncio.client import connect

from streamer.engines.local import LocalEngine
from streamer.server.server import TranscriptionServer
from streamer.settings import Settings

FLOOD_S = 2.0

STALL_S = 0.1
"""What no flood may cost others: ungoverned, each read of a flood stalls the loop 170 ms."""


def upgraded(address: str, *, receive_buffer: int | None = None) -> socket.socket:
    """Return a raw socket after the WebSocket handshake."""
    host, port = address.split(":")
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.connect((host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /v1/stream HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    while b"\r\n\r\n" not in raw.recv(4096):
        pass
    return raw


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a client's frame, masked with zeros."""
    head = (0x80 if fin else 0) | opcode
    if len(payload) < 126:
        return struct.pack("!BB4x", head, 0x80 | len(payload)) + payload
    return struct.pack("!BBH4x", head, 0x80 | 126, len(payload)) + payload


def flood(address: str, frames: bytes, seconds: float) -> None:
    """Send the same frames again and again, as fast as they are taken."""
    with upgraded(address) as raw:
        raw.settimeout(0.2)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                raw.sendall(frames)
            except TimeoutError:
                continue  # the server makes us wait
            except OSError:
                return


@asynccontextmanager
async def in_thread(work: Callable[[], None]) -> AsyncGenerator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(thread.join, 20)


async def stalls(seconds: float) -> list[float]:
    """Sample how late timers of this loop fire."""
    lags: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        due = time.monotonic() + 0.01
        await asyncio.sleep(0.01)
        lags.append(time.monotonic() - due)
    return sorted(lags)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(frame(0x2) * 2000, id="empty frames"),
        pytest.param(frame(0x9) * 2000, id="pings"),
        pytest.param(frame(0x2, b"\0\0") * 2000, id="one sample a frame"),
        pytest.param(frame(0x1, b"{}") * 2000, id="nonsense"),
    ],
)
async def test_a_flood_of_small_frames_stalls_nobody(frames: bytes) -> None:
    async with serving() as address, client(address) as victim:
        await receive(victim)
        async with in_thread(lambda: flood(address, frames, FLOOD_S)):
            await victim.send(pcm(voice(1.0)))
            await send(victim, "flush", id="x")
            began = time.monotonic()
            messages = await receive_until(victim, "flushed")
            answered = time.monotonic() - began
            lags = await stalls(FLOOD_S / 2)
    assert len(of_type(messages, "final")) == 1
    assert answered < 1.0
    assert lags[len(lags) // 2] < STALL_S / 4
    assert lags[int(len(lags) * 0.95)] < STALL_S


@pytest.mark.asyncio(loop_factories=["uvloop"])
async def test_fifty_thousand_tiny_frames_are_all_heard() -> None:
    samples = pcm(voice(1.0))[:20_000]
    tiny = [frame(0x2, samples[at : at + 2]) for at in range(0, len(samples), 2)]
    stop = frame(0x1, b'{"type":"stop"}')
    async with serving() as address:
        with await asyncio.to_thread(upgraded, address) as raw:
            raw.settimeout(60)
            await asyncio.to_thread(raw.sendall, b"".join(tiny) + frame(0x2) * 40_000 + stop)
            received = await asyncio.to_thread(_read_to_end, raw)
    assert b'"audio":0.625' in received


def _read_to_end(raw: socket.socket) -> bytes:
    received = b""
    while b'"done"' not in received:
        piece = raw.recv(65536)
        if not piece:
            break
        received += piece
    return received


async def _metrics_without_sessions(address: str) -> str:
    """Wait until the server counts no session, and return its metrics."""
    async with asyncio.timeout(10):
        while True:
            metrics = (await get(address, "/metrics"))[2].decode()
            if "streamer_sessions 0.0" in metrics:
                return metrics
            await asyncio.sleep(0.05)


async def test_a_client_that_never_reads_is_dropped_and_holds_up_nothing() -> None:
    settings = Settings(port=0, send_timeout_s=0.3)
    async with TranscriptionServer(settings, LocalEngine(CountingEngine())) as server:
        host, port = server.address
        address = f"{host}:{port}"
        with await asyncio.to_thread(upgraded, address, receive_buffer=4096) as raw:
            request = frame(0x1, b'{"type":"flush","id":"' + b"x" * 100 + b'"}')
            raw.settimeout(5)
            with contextlib.suppress(OSError):
                await asyncio.to_thread(raw.sendall, request * 8000)
            metrics = await _metrics_without_sessions(address)
            assert "streamer_dropped_clients_total 1.0" in metrics
        began = time.monotonic()
    assert time.monotonic() - began < 5


async def test_a_hanging_engine_and_a_client_far_ahead_do_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.engines.local.CLOSE_TIMEOUT_S", 0.1)
    engine = CountingEngine()
    engine.may_run.clear()
    server = TranscriptionServer(Settings(port=0), LocalEngine(engine))
    async with server:
        host, port = server.address
        ws = await connect(f"ws://{host}:{port}/v1/stream?vad=off&max_utterance_s=5&partials=false")
        for _ in range(16):
            await ws.send(bytes(10 * 32_000))
        async with asyncio.timeout(10):
            while "audio_ahead" not in str(await ws.recv()):
                pass
        ending = asyncio.create_task(server.__aexit__())
        done, _ = await asyncio.wait([ending], timeout=5)
        engine.may_run.set()
        assert done
    ws.transport.abort()


async def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address:
        for _ in range(3):
            ws = await connect(f"ws://{address}/v1/stream")
            await ws.send(pcm(voice(1.0)))
            ws.transport.abort()
        await _metrics_without_sessions(address)
        engine.may_run.set()
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            await send(ws, "stop")
            assert len(of_type(await receive_all(ws), "final")) == 1


async def test_the_loop_stays_free_while_the_engine_and_many_streams_are_busy() -> None:
    async with serving(CountingEngine(seconds_a_step=0.2, capacity=64)) as address:

        async def stream() -> int:
            async with client(address) as ws:
                data = pcm(voice(1.5)) + bytes(32_000)
                for at in range(0, len(data), 3200):
                    await ws.send(data[at : at + 3200])
                    await asyncio.sleep(0.02)
                await send(ws, "stop")
                return len(of_type(await receive_all(ws), "final"))

        streams = [asyncio.create_task(stream()) for _ in range(16)]
        lags = await stalls(1.0)
        finals = await asyncio.gather(*streams)
    assert finals == [1] * 16
    assert lags[len(lags) // 2] < STALL_S  # a loop that waited for the engine: 0.2 s and more
