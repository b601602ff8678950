"""What a hostile client costs others: `python -m loadtest.hostile`.

Each attack runs for some seconds, on a server of its own, beside one honest client that was there
before, sends a second of speech and asks for its final, again and again. Printed: how long that
takes it, how late the server's event loop is, what CPU the server takes, and how its memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.request import urlopen

import soundfile
from websockets.asyncio.client import ClientConnection, connect

from loadtest.serving import served
from streamer.cli.demo import sample_path

SECOND = 32_000
"""Bytes of one second of 16 kHz 16-bit audio."""

Attack = Callable[[str, threading.Event], None]


def opened(address: str) -> socket.socket:
    """Return a raw socket after the WebSocket handshake."""
    host, port = address.split(":")
    raw = socket.create_connection((host, int(port)), timeout=2)
    key = base64.b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /v1/stream HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    while b"\r\n\r\n" not in raw.recv(4096):
        pass
    raw.settimeout(0.2)
    return raw


def frame(opcode: int, payload: bytes = b"") -> bytes:
    """Return a client's frame, masked with zeros."""
    if len(payload) < 126:
        return struct.pack("!BB4x", 0x80 | opcode, 0x80 | len(payload)) + payload
    return struct.pack("!BBH4x", 0x80 | opcode, 0x80 | 126, len(payload)) + payload


def flood(frames: bytes, connections: int = 1) -> Attack:
    """Send the same frames for ever, as fast as they are taken."""

    def attack(address: str, over: threading.Event) -> None:
        sockets = [opened(address) for _ in range(connections)]
        while not over.is_set():
            for raw in sockets:
                with contextlib.suppress(OSError):
                    raw.send(frames)
        for raw in sockets:
            raw.close()

    return attack


def unread(address: str, over: threading.Event) -> None:
    """Ask for much, and read nothing of it."""
    request = frame(0x1, b'{"type":"flush","id":"' + b"x" * 100 + b'"}') * 100
    flood(request, connections=20)(address, over)


def half_open(address: str, over: threading.Event) -> None:
    """Begin five hundred handshakes and end none."""
    host, port = address.split(":")
    sockets: list[socket.socket] = []
    while not over.is_set():
        if len(sockets) < 500:
            sockets.append(socket.create_connection((host, int(port)), timeout=2))
            sockets[-1].sendall(b"GET /v1/stream HTTP/1.1\r\nHost: ")
        else:
            over.wait(0.1)
    for raw in sockets:
        raw.close()


def refused(address: str, over: threading.Event) -> None:
    """Knock with a setting that is refused, again and again."""
    host, port = address.split(":")
    knock = b"GET /v1/stream?channels=0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
    while not over.is_set():
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 2) as raw:
            raw.sendall(knock)
            raw.recv(4096)


def nothing(_: str, over: threading.Event) -> None:
    """Leave the honest client alone, to compare with."""
    over.wait()


def oversized(address: str, over: threading.Event) -> None:
    """Announce a frame of a gigabyte and send it."""
    while not over.is_set():
        with contextlib.suppress(OSError), opened(address) as raw:
            raw.sendall(struct.pack("!BBQ4x", 0x82, 0xFF, 1 << 30))
            while not over.is_set():
                raw.sendall(bytes(65536))


def speech(seconds: float) -> bytes:
    """Return speech of the bundled recording."""
    samples, _ = soundfile.read(sample_path(), dtype="int16")
    return samples[: round(seconds * 16000)].tobytes()


ATTACKS: dict[str, Attack] = {
    "nothing": nothing,
    "empty frames": flood(frame(0x2) * 2000),
    "pings": flood(frame(0x9) * 2000),
    "one sample a frame": flood(frame(0x2, b"\0\0") * 2000),
    "nonsense as JSON": flood(frame(0x1, b"{}") * 2000),
    "8 files of silence at once": flood(frame(0x2, bytes(32_000)) * 4, connections=8),
    "4 files of speech at once": flood(frame(0x2, speech(1.0)) * 4, connections=4),
    "20 that never read": unread,
    "500 half-open handshakes": half_open,
    "refused handshakes": refused,
    "frames of a gigabyte": oversized,
}


@dataclass(frozen=True, slots=True)
class State:
    """What the server says of itself."""

    cpu_s: float
    rss: float
    lags: dict[float, float]
    """How many timers were at most so many seconds late."""


def state(address: str) -> State:
    with urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()

    def value(name: str) -> float:
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found is not None
        return float(found[1])

    pairs = re.findall(r'^streamer_loop_lag_seconds_bucket\{le="(\S+)"\} (\S+)$', text, re.M)
    lags = {float(bound): float(count) for bound, count in pairs}
    return State(value("process_cpu_seconds_total"), value("process_resident_memory_bytes"), lags)


def p99(before: State, after: State) -> float:
    """The bound below which 99 % of the timers since then were late."""
    counts = {bound: after.lags[bound] - before.lags[bound] for bound in after.lags}
    total = counts[float("inf")]
    return min(bound for bound, count in counts.items() if count >= 0.99 * total)


async def served_once(ws: ClientConnection, audio: bytes) -> float:
    """Ask for a final; returns how long it took."""
    began = time.monotonic()
    await ws.send(audio)
    await ws.send('{"type":"flush"}')
    while json.loads(await ws.recv())["type"] != "flushed":
        pass
    return time.monotonic() - began


async def suffered(name: str, address: str, seconds: float) -> str:
    """Run an attack, and describe in a row of a table what it cost."""
    over = threading.Event()
    audio = speech(1.0)
    took: list[float] = []
    async with connect(f"ws://{address}/v1/stream?partials=false", compression=None) as ws:
        await served_once(ws, audio)
        before = await asyncio.to_thread(state, address)
        attacker = threading.Thread(target=ATTACKS[name], args=(address, over), daemon=True)
        attacker.start()
        while sum(took) < seconds:
            took.append(await served_once(ws, audio))
        after = await asyncio.to_thread(state, address)
    over.set()
    await asyncio.to_thread(attacker.join, 5)
    cpu = (after.cpu_s - before.cpu_s) / sum(took)
    grown = (after.rss - before.rss) / 1e6
    typical, worst = statistics.median(took) * 1000, max(took) * 1000
    late = p99(before, after) * 1000
    return f"| {name} | {typical:.0f} / {worst:.0f} | {late:g} | {cpu:.2f} | {grown:+.0f} |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each attack")
    parser.add_argument("--only", choices=list(ATTACKS), action="append", help="some attacks only")
    arguments = parser.parse_args(argv)
    print("| attack | final p50 / max, ms | loop lag p99 below, ms | CPU, cores | memory, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name in arguments.only or ATTACKS:
        with served(["--threads", "1", "--resume-window-s", "0"]) as url:
            address = url.removeprefix("ws://")
            print(asyncio.run(suffered(name, address, arguments.seconds)), flush=True)


if __name__ == "__main__":
    main()
