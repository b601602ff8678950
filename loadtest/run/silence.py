"""What silence costs the event loop.

    python -m loadtest run silence [--against TREE] [--vad silero]

Sessions of the native protocol send frames of 20 ms of silence in real time, which is what most
sessions do most of the time. Printed: CPU seconds a second, of the event loop's thread and of the
server's process (a detector may have a thread of its own), and Python calls a frame in the loop's
thread, all of them and those of our own code. With `--against` another source tree is
measured in turns with this one, which evens out what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.attack.raw import BINARY, TEXT, Target, frame

FRAME_S = 0.02
FRAME = frame(BINARY, bytes(640))

COUNTED_FRAMES = 200
TREE = Path(__file__).resolve().parents[2]
COUNTED = Path(__file__).with_name("counted_server.py")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the event loop's thread has done so far; calls are counted in between two `count`s."""

    cpu_s: float
    process_s: float
    calls: int
    ours: int


class Server:
    """A server in a process of its own, which answers signals with what it has done."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._find(r"ws://([^/\s]+)")

    def read(self) -> Reading:
        """Ask for a reading."""
        self._process.send_signal(signal.SIGUSR1)
        return Reading(**json.loads(self._find(r"reading (.*)")))

    def count(self) -> None:
        """Start to count calls, or stop."""
        self._process.send_signal(signal.SIGUSR2)
        self.read()  # signals are handled in their order

    def _find(self, pattern: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return found[1]
        raise RuntimeError("the server has ended")


@contextmanager
def serving(tree: Path) -> Generator[Server]:
    """Run the server of a source tree on a free port of loopback."""
    command = [sys.executable, str(COUNTED), "serve", "--port", "0", "--threads", "1"]
    command += ["--max-sessions", "100000", "--max-lateness-s", "1000"]
    command += ["--resume-window-s", "0", "--model", "embedded"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def opened(address: str, vad: str) -> socket.socket:
    """Open a session with this detector, and wait until it is ready."""
    raw = Target.of(f"ws://{address}").upgraded()
    raw.sendall(frame(TEXT, json.dumps({"type": "start", "vad": vad}).encode()))
    received = b""
    while b'"ready"' not in received:
        received += raw.recv(4096)
    return raw


def send_silence(sockets: Sequence[socket.socket], frames: int) -> None:
    """Send frames in real time, the sockets spread over each 20 ms; reads nothing."""
    began = time.monotonic()
    groups = 10
    for number in range(frames):
        for group in range(groups):
            due = began + (number + group / groups) * FRAME_S
            time.sleep(max(0.0, due - time.monotonic()))
            for raw in sockets[group::groups]:
                raw.sendall(FRAME)


def cpu_shares(
    trees: Sequence[Path], sessions: int, seconds: float, rounds: int, vad: str
) -> dict[Path, list[tuple[float, float]]]:
    """Return CPU seconds a second of each tree's event loop and process, turn by turn.

    All servers run all the time, and one of them is sent silence: whatever else the machine does
    falls on each of them alike.
    """
    shares: dict[Path, list[tuple[float, float]]] = {tree: [] for tree in trees}
    with ExitStack() as stack:
        servers = {tree: stack.enter_context(serving(tree)) for tree in trees}
        clients = {
            tree: [stack.enter_context(opened(server.address, vad)) for _ in range(sessions)]
            for tree, server in servers.items()
        }
        for number in range(rounds):
            for tree in trees if number % 2 else reversed(trees):
                send_silence(clients[tree], 10)  # warm
                before, began = servers[tree].read(), time.monotonic()
                send_silence(clients[tree], round(seconds / FRAME_S))
                after, ended = servers[tree].read(), time.monotonic()
                loop = (after.cpu_s - before.cpu_s) / (ended - began)
                process = (after.process_s - before.process_s) / (ended - began)
                shares[tree].append((loop, process))
    return shares


def calls_a_frame(tree: Path, vad: str) -> tuple[float, float]:
    """Return the Python calls that one frame costs: all, and those of our own code."""
    with serving(tree) as server, opened(server.address, vad) as raw:
        send_silence([raw], 100)
        server.count()
        idle = server.read()
        time.sleep(COUNTED_FRAMES * FRAME_S)
        before = server.read()
        send_silence([raw], COUNTED_FRAMES)
        time.sleep(0.1)
        after = server.read()
    idle_calls, idle_ours = before.calls - idle.calls, before.ours - idle.ours
    return (
        (after.calls - before.calls - idle_calls) / COUNTED_FRAMES,
        (after.ours - before.ours - idle_ours) / COUNTED_FRAMES,
    )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--against", type=Path, help="a source tree to compare with")
    parser.add_argument("--vad", default="webrtc", help="the detector (default: webrtc)")
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0, help="of a turn")
    parser.add_argument("--rounds", type=int, default=10)


def run(options: argparse.Namespace) -> int:
    """Measure this tree, and perhaps another one in turns with it."""
    trees = [TREE] if options.against is None else [options.against.resolve(), TREE]
    shares = cpu_shares(trees, options.sessions, options.seconds, options.rounds, options.vad)
    many = f"{options.sessions} sessions"
    print(f"| tree | CPU of the loop, {many} | of each turn | of the process | calls | ours |")
    print("| --- | --- | --- | --- | --- | --- |")
    for tree in trees:
        each = " ".join(f"{loop:.3f}" for loop, _ in shares[tree])
        calls, ours = calls_a_frame(tree, options.vad)
        loop, process = (statistics.median(of) for of in zip(*shares[tree], strict=True))
        row = f"{loop:.3f} | {each} | {process:.3f} | {calls:.1f} | {ours:.1f}"
        print(f"| {tree.name} | {row} |", flush=True)
    return 0
