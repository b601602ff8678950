"""More open audio than there is memory, against a server whose address space is limited.

    python -m loadtest attack memory --sessions 76 --limit-mb 2200 --seconds 40

Each session sends eight channels of mu-law as fast as they are taken, without a detector and
without partials, so that nothing but the limit of an utterance or a lack of memory ends one. The
exit status says whether the server lived, and whether every second of every channel has its final.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
from collections import defaultdict
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import uvloop

from loadtest.options import report_option, server_options
from loadtest.processes import resident
from loadtest.reports import tell
from loadtest.server_metrics import read_metrics, value
from loadtest.serving import served_process
from streamer.client import StreamError, open_stream
from streamer.protocols.native.messages import Done, Final, Warning

CHANNELS, RATE = 8, 8000
PIECE_S = 0.5
MULAW_SILENCE = b"\xff"
"""What is said does not matter to the memory that it takes, and silence has no text to wait for."""


@dataclass(slots=True)
class Heard:
    """What one session was told."""

    ends: dict[int, float] = field(default_factory=lambda: defaultdict[int, float](float))
    finals: int = 0
    gaps: int = 0
    codes: set[str] = field(default_factory=set[str])
    audio_s: float = 0.0
    failure: str | None = None

    def add(self, final: Final) -> None:
        """Note a final; the next of its channel has to begin where it ends."""
        self.finals += 1
        self.gaps += abs(final.start - self.ends[final.channel]) > 0.001
        self.ends[final.channel] = final.end

    def is_whole(self, seconds: float) -> bool:
        """Whether every second of every channel has its final."""
        ends = [self.ends[channel] for channel in range(CHANNELS)]
        return not self.gaps and self.failure is None and min(ends) >= seconds - 0.001


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--sessions", type=int, default=76)
    parser.add_argument("--seconds", type=float, default=40.0, help="of audio a channel")
    parser.add_argument("--limit-mb", type=int, default=2200, help="address space of the server")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Attack, and print a report."""
    with ExitStack() as stack:
        with _limited(options.limit_mb << 20):
            url, process = stack.enter_context(served_process(options.serve))
        heard, most = uvloop.run(_attack(url, options, process.pid))
        lives = process.poll() is None
        metrics = read_metrics(url) if lives else ""
    report = {
        "sessions": options.sessions,
        "lives": lives,
        "whole": sum(one.is_whole(options.seconds) for one in heard),
        "refused_or_broken": sorted({one.failure for one in heard if one.failure is not None}),
        "warned": sorted(set[str]().union(*(one.codes for one in heard))),
        "finals": sum(one.finals for one in heard),
        "budget_mb": round(value(metrics, "streamer_memory_budget_bytes") / 2**20) if lives else 0,
        "most_held_mb": round(most["held"] / 2**20),
        "most_resident_mb": round(most["resident"] / 2**20),
    }
    tell(report, options.json)
    return 0 if lives and report["whole"] == options.sessions else 1


@contextmanager
def _limited(size: int) -> Generator[None]:
    """Limit the address space of what is started meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


async def _attack(
    url: str, options: argparse.Namespace, pid: int
) -> tuple[list[Heard], dict[str, float]]:
    heard = [Heard() for _ in range(options.sessions)]
    piece = MULAW_SILENCE * (round(PIECE_S * RATE) * CHANNELS)
    ready = asyncio.Barrier(options.sessions)
    most = {"held": 0.0, "resident": 0.0}
    watching = asyncio.create_task(_watch(url, pid, most))
    async with asyncio.TaskGroup() as group:
        for one in heard:
            group.create_task(_talk(url, piece, options.seconds, one, ready))
    watching.cancel()
    return heard, most


async def _talk(
    url: str, piece: bytes, seconds: float, heard: Heard, ready: asyncio.Barrier
) -> None:
    """Send everything once all are connected, and listen to the end."""
    opening = open_stream(
        url, channels=CHANNELS, encoding="mulaw", sample_rate=RATE, vad="off", partials=False
    )
    try:
        async with opening as stream:
            await ready.wait()

            async def send() -> None:
                for _ in range(round(seconds / PIECE_S)):
                    await stream.send(piece)
                await stream.stop()

            sending = asyncio.create_task(send())
            async for message in stream:
                if isinstance(message, Final):
                    heard.add(message)
                elif isinstance(message, Warning):
                    heard.codes.add(message.code)
                elif isinstance(message, Done):
                    heard.audio_s = message.audio
            await sending
    except (StreamError, asyncio.BrokenBarrierError) as error:
        heard.failure = str(error)
        await ready.abort()


async def _watch(url: str, pid: int, most: dict[str, float]) -> None:
    while True:
        metrics = await asyncio.to_thread(read_metrics, url)
        most["held"] = max(most["held"], value(metrics, "streamer_memory_held_bytes"))
        most["resident"] = max(most["resident"], resident(pid))
        await asyncio.sleep(0.5)
