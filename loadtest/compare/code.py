"""An old checkout and a new one, in alternating turns of one run.

    python -m loadtest compare OLD NEW
    python -m loadtest compare OLD NEW --rounds 8 --streams 100 --allow 3 --json out.json

Each serves with its own code, both all the time; whoever is asked second in a round is asked first
in the next. A turn is files as fast as they go (RTFx, and the CPU time that the server took) and
then live streams (finals' wait beyond the silence at p95). Where others use the machine too, CPU
time is what can be told. The ratio is new over old within a round, told as the median of the
rounds; the noise is the half of the ratios in the middle. Worse means beyond --allow with all of
that half, undecided with a part of it. Exit status: 0 not worse, 1 worse, 3 undecided.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

import uvloop

from loadtest.clients import BYTES_PER_S, pcm
from loadtest.compare.ratios import Verdict, compared
from loadtest.errors import CommandError
from loadtest.options import audio_option, report_option, server_options
from loadtest.processes import cpu_s
from loadtest.progress import note
from loadtest.reports import tell
from loadtest.run.files import through_server
from loadtest.run.streams import run_streams
from loadtest.serving import served_process

REST_S = 2.0
"""Before live streams: a server that judges its load by the last seconds must have forgotten."""
STATUS = {Verdict.WORSE: 1, Verdict.UNDECIDED: 3, Verdict.NOT_WORSE: 0}
"""The first that any measure has is the run's."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("old", type=_checkout, metavar="OLD", help="a folder with `streamer/`")
    parser.add_argument("new", type=_checkout, metavar="NEW", help="another")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--files", type=int, default=16, help="in a turn")
    parser.add_argument("--streams", type=int, default=40, help="live ones, in a turn")
    parser.add_argument("--seconds", type=float, default=20.0, help="of live streams, in a turn")
    parser.add_argument("--allow", type=float, default=3.0, help="per cent worse that is no matter")
    audio_option(parser)
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Take turns, and print a report."""
    return uvloop.run(_compare(options))


async def _compare(options: argparse.Namespace) -> int:
    audio = pcm(options.audio)
    rtfx: dict[str, list[float]] = {"old": [], "new": []}
    cpu_ms: dict[str, list[float]] = {"old": [], "new": []}
    p95_ms: dict[str, list[float]] = {"old": [], "new": []}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(served_process(options.serve, checkout=folder))
            for name, folder in (("old", options.old), ("new", options.new))
        }
        for url, _ in servers.values():
            await through_server(url, audio, 2)  # warm
        for number in range(options.rounds):
            for name in sorted(servers, reverse=number % 2 == 0):
                url, process = servers[name]
                before = cpu_s(process.pid)
                rtfx[name].append(await _files(url, audio, options.files))
                spent_ms = 1000 * (cpu_s(process.pid) - before)
                cpu_ms[name].append(spent_ms / (options.files * len(audio) / BYTES_PER_S))
                await asyncio.sleep(REST_S)
                live = await run_streams(url, audio, options.streams, options.seconds)
                p95 = live["final_beyond_silence_ms"]["p95"]
                if p95 is None or live["late_or_lost"] + live["failed_streams"]:
                    raise CommandError(f"{name}: finals were lost: {live}")
                p95_ms[name].append(p95)
                note(f"round {number + 1}, {name}: RTFx {rtfx[name][-1]:.1f}, p95 {p95:.0f} ms")
    allowed = options.allow / 100
    found = {
        "rtfx of files": compared(rtfx["old"], rtfx["new"], allowed, more_is_better=True),
        "CPU of files, ms a second": compared(
            cpu_ms["old"], cpu_ms["new"], allowed, more_is_better=False
        ),
        "finals p95, ms": compared(p95_ms["old"], p95_ms["new"], allowed, more_is_better=False),
    }
    tell(
        {
            "old": str(options.old),
            "new": str(options.new),
            "rounds": options.rounds,
            "streams": options.streams,
            **{name: one.report() for name, one in found.items()},
        },
        options.json,
    )
    verdicts = {one.verdict for one in found.values()}
    return next(status for verdict, status in STATUS.items() if verdict in verdicts)


async def _files(url: str, audio: bytes, files: int) -> float:
    """Return seconds of audio a second."""
    began = time.perf_counter()
    await through_server(url, audio, files)
    return files * len(audio) / BYTES_PER_S / (time.perf_counter() - began)


def _checkout(text: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / "streamer" / "__init__.py").is_file():
        raise argparse.ArgumentTypeError(f"{text} is no checkout: it has no streamer/")
    return folder
