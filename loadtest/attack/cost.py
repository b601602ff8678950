"""What one hostile act costs the server: a row of a table for each.

    python -m loadtest attack cost

CPU time and memory of the server's process for one handshake, frame or connection, which a busy
machine does not change; `attack hostile` shows what others feel of many.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from contextlib import ExitStack

from loadtest.attack.attackers import begun, knock
from loadtest.attack.hostile import State, speech
from loadtest.attack.raw import BINARY, PING, TEXT, Target, frame
from loadtest.options import server_options
from loadtest.progress import bar
from loadtest.serving import served

Act = Callable[[Target, ExitStack], int]
"""Does something to a server, and returns how often; what it opens stays open meanwhile."""


def frames(one: bytes, count: int) -> Act:
    """Send frames, and wait until the server has taken the last of them."""

    def act(target: Target, stack: ExitStack) -> int:
        raw = stack.enter_context(target.upgraded())
        raw.settimeout(60)
        raw.sendall(one * count + frame(TEXT, b'{"type":"flush"}'))
        received = b""
        while b'"flushed"' not in received:
            received = received[-20:] + raw.recv(65536)
        return count

    return act


def refused(target: Target, _stack: ExitStack) -> int:
    """Ask for a setting that is refused."""
    for _ in range(300):
        knock(target)
    return 300


def half_open(target: Target, stack: ExitStack) -> int:
    """Begin handshakes and leave it at that."""
    for _ in range(300):
        stack.enter_context(begun(target))
    return 300


def idle(target: Target, stack: ExitStack) -> int:
    """Open sessions, and say nothing."""
    for _ in range(100):
        raw = stack.enter_context(target.upgraded())
        raw.settimeout(10)
        with contextlib.suppress(TimeoutError):
            raw.recv(4096)  # ready
    return 100


def talking(target: Target, stack: ExitStack) -> int:
    """Open sessions that hold ten seconds of speech each."""
    audio = speech(10.0)
    spoken = b"".join(frame(BINARY, audio[at : at + 32_000]) for at in range(0, len(audio), 32_000))
    for _ in range(20):
        raw = stack.enter_context(target.upgraded())
        raw.sendall(frame(TEXT, b'{"type":"start","vad":"off","partials":false}') + spoken)
    return 20


ACTS: dict[str, Act] = {
    "a refused handshake": refused,
    "a half-open handshake": half_open,
    "an idle session": idle,
    "a session with 10 s of open speech": talking,
    "an empty frame": frames(frame(BINARY), 20_000),
    "a ping": frames(frame(PING), 20_000),
    "a frame of one sample": frames(frame(BINARY, b"\0\0"), 20_000),
    "a frame of nonsense": frames(frame(TEXT, b"{}"), 5_000),
    "a second of silence": frames(frame(BINARY, bytes(32_000)), 300),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--only", choices=list(ACTS), action="append", help="some of them")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    print("| act | CPU, ms each | memory, kB each |")
    print("| --- | --- | --- |")
    serve = ["--threads", "1", "--max-lateness-s", "1000", "--resume-window-s", "0"]
    serve += options.serve
    for name, act in ACTS.items():
        if options.only and name not in options.only:
            continue
        with served(serve) as url, ExitStack() as stack, bar(name, 1):
            target = Target.of(url)
            idle(target, stack)  # warm
            before = State.of(url)
            count = act(target, stack)
            after = State.of(url)
            cpu_ms = (after.cpu_s - before.cpu_s) * 1000 / count
            memory_kb = (after.rss - before.rss) / 1000 / count
        print(f"| {name} | {cpu_ms:.3f} | {memory_kb:.1f} |", flush=True)
    return 0
