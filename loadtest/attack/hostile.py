"""What a hostile client costs others: a row of a table for each attack.

    python -m loadtest attack hostile --seconds 5 --only pings --only "empty frames"

Each attack runs for some seconds, on a server of its own, beside one honest client that was there
before, speaks for a second and asks for its final, again and again. Printed: how long that
takes it, how late the server's event loop is, what CPU the server takes, and how its memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import threading
import time
from dataclasses import dataclass

import uvloop

from loadtest.attack.attackers import (
    Attack,
    flood,
    half_open,
    never_read,
    refused,
    requests,
    slow_bodies,
    tiny_utterances,
    uploads,
    whole_uploads,
)
from loadtest.attack.raw import BINARY, PING, TEXT, Target, announced, frame
from loadtest.clients import BYTES_PER_S, pcm
from loadtest.options import server_options
from loadtest.progress import clock
from loadtest.server_metrics import Lag, p99_ms, parse_lag, read_metrics, value
from loadtest.serving import served
from streamer.cli.demo import sample_path
from streamer.client import Stream, open_stream
from streamer.protocols.native.messages import Flushed


def nothing(_: Target, over: threading.Event) -> None:
    """Leave the honest client alone, to compare with."""
    over.wait()


def speech(seconds: float) -> bytes:
    """The beginning of the bundled recording."""
    return pcm(sample_path())[: round(seconds * BYTES_PER_S)]


def attacks() -> dict[str, Attack]:
    """All of them."""
    return {
        "nothing": nothing,
        "empty frames": flood(frame(BINARY) * 2000),
        "pings": flood(frame(PING) * 2000),
        "one sample a frame": flood(frame(BINARY, b"\0\0") * 2000),
        "nonsense as JSON": flood(frame(TEXT, b"{}") * 2000),
        "8 files of silence at once": flood(frame(BINARY, bytes(32_000)) * 4, connections=8),
        "4 files of speech at once": flood(frame(BINARY, speech(1.0)) * 4, connections=4),
        "40 files of silence at once": flood(frame(BINARY, bytes(32_000)) * 4, connections=40),
        "40 files of speech at once": flood(frame(BINARY, speech(1.0)) * 4, connections=40),
        "40 files of silence over REST": whole_uploads(40),
        "tiny utterances on 4 connections": tiny_utterances(4),
        "tiny utterances on 12 connections": tiny_utterances(12),
        "20 that never read": never_read(20),
        "500 half-open handshakes": half_open,
        "refused handshakes": refused,
        "frames of a gigabyte": flood(announced(1 << 30, bytes(65_536))),
        "requests without a pause": requests,
        "4 files of 200 MB at once": uploads(),
        "200 slow uploads": slow_bodies,
    }


@dataclass(frozen=True, slots=True)
class State:
    """What the server says of itself: seconds of CPU, bytes of memory, and its loop."""

    cpu_s: float
    rss: float
    lag: Lag

    @classmethod
    def of(cls, url: str) -> State:
        """Ask it. Blocks."""
        metrics = read_metrics(url)
        return cls(
            value(metrics, "process_cpu_seconds_total"),
            value(metrics, "process_resident_memory_bytes"),
            parse_lag(metrics),
        )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each attack")
    parser.add_argument("--only", choices=list(attacks()), action="append", help="some of them")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    print("| attack | final p50 / max, ms | loop lag p99 below, ms | CPU, cores | memory, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name, attack in attacks().items():
        if options.only and name not in options.only:
            continue
        with served(["--threads", "1", "--resume-window-s", "0", *options.serve]) as url:
            print(uvloop.run(_suffered(name, attack, url, options.seconds)), flush=True)
    return 0


async def _suffered(name: str, attack: Attack, url: str, seconds: float) -> str:
    """Run an attack, and describe in a row of a table what it cost."""
    over = threading.Event()
    audio = speech(1.0)
    took: list[float] = []
    async with open_stream(url, partials=False) as stream:
        await _ask(stream, audio)
        before = await asyncio.to_thread(State.of, url)
        attacker = threading.Thread(target=attack, args=(Target.of(url), over), daemon=True)
        attacker.start()
        began = time.monotonic()
        async with clock(name, seconds):
            while time.monotonic() - began < seconds:
                took.append(await _ask(stream, audio))
        after, lasted = await asyncio.to_thread(State.of, url), time.monotonic() - began
        over.set()
    await asyncio.to_thread(attacker.join, 5)
    cpu = (after.cpu_s - before.cpu_s) / lasted
    grown = (after.rss - before.rss) / 1e6
    typical, worst = statistics.median(took) * 1000, max(took) * 1000
    late = p99_ms(after.lag - before.lag)
    return f"| {name} | {typical:.0f} / {worst:.0f} | {late:g} | {cpu:.2f} | {grown:+.0f} |"


async def _ask(stream: Stream, audio: bytes) -> float:
    """Speak in real time and ask for the final; returns how long it took."""
    await stream.send(audio)
    await asyncio.sleep(len(audio) / BYTES_PER_S)
    began = time.monotonic()
    await stream.flush("now")
    async for message in stream:
        if isinstance(message, Flushed):
            break
    return time.monotonic() - began
