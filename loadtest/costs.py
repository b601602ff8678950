"""What one hostile act costs the server: `python -m loadtest.costs`.

CPU time and memory of the server's process for one handshake, frame or connection, which a busy
machine does not change; `loadtest.hostile` shows what others feel of many.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager

from loadtest.hostile import frame, opened, speech, state
from loadtest.serving import served

Act = Callable[[str, ExitStack], int]
"""Does something to a server, and returns how often; what it opens stays open meanwhile."""


def frames(one: bytes, count: int) -> Act:
    """Send frames, and wait until the server has taken the last of them."""

    def act(address: str, stack: ExitStack) -> int:
        raw = stack.enter_context(opened(address))
        raw.settimeout(60)
        raw.sendall(one * count + frame(0x1, b'{"type":"flush"}'))
        received = b""
        while b'"flushed"' not in received:
            received = received[-20:] + raw.recv(65536)
        return count

    return act


@contextmanager
def begun(address: str) -> Generator[socket.socket]:
    """Begin a handshake."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 10) as raw:
        raw.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: ")
        yield raw


def refused(address: str, _stack: ExitStack) -> int:
    """Ask for a setting that is refused."""
    host, port = address.split(":")
    knock = b"GET /v1/stream?channels=0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"
    for _ in range(300):
        with socket.create_connection((host, int(port)), 10) as raw:
            raw.sendall(knock)
            while raw.recv(4096):
                pass
    return 300


def half_open(address: str, stack: ExitStack) -> int:
    """Begin handshakes and leave it at that."""
    for _ in range(300):
        stack.enter_context(begun(address))
    return 300


def idle(address: str, stack: ExitStack) -> int:
    """Open sessions, and say nothing."""
    for _ in range(100):
        raw = stack.enter_context(opened(address))
        raw.settimeout(10)
        with contextlib.suppress(TimeoutError):
            raw.recv(4096)  # ready
    return 100


def talking(address: str, stack: ExitStack) -> int:
    """Open sessions that hold ten seconds of speech each."""
    audio = speech(10.0)
    spoken = b"".join(frame(0x2, audio[at : at + 32_000]) for at in range(0, len(audio), 32_000))
    for _ in range(20):
        raw = stack.enter_context(opened(address))
        raw.sendall(frame(0x1, b'{"type":"start","vad":"off","partials":false}') + spoken)
    return 20


ACTS: dict[str, Act] = {
    "a refused handshake": refused,
    "a half-open handshake": half_open,
    "an idle session": idle,
    "a session with 10 s of open speech": talking,
    "an empty frame": frames(frame(0x2), 20_000),
    "a ping": frames(frame(0x9), 20_000),
    "a frame of one sample": frames(frame(0x2, b"\0\0"), 20_000),
    "a frame of nonsense": frames(frame(0x1, b"{}"), 5_000),
    "a second of silence": frames(frame(0x2, bytes(32_000)), 300),
}


def main(argv: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    print("| act | CPU, ms each | memory, kB each |")
    print("| --- | --- | --- |")
    options = ["--threads", "1", "--max-lateness-s", "1000", "--resume-window-s", "0"]
    for name, act in ACTS.items():
        with served(options) as url, ExitStack() as stack:
            address = url.removeprefix("ws://")
            idle(address, stack)  # warm
            before = state(address)
            count = act(address, stack)
            after = state(address)
            cpu_ms = (after.cpu_s - before.cpu_s) * 1000 / count
            memory_kb = (after.rss - before.rss) / 1000 / count
        print(f"| {name} | {cpu_ms:.3f} | {memory_kb:.1f} |", flush=True)


if __name__ == "__main__":
    main()
