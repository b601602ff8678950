"""Time to the final segment: how long after the last word an agent has the text to answer.

    python -m loadtest run ttfs FOLDER                                   # its own server, 4 streams
    python -m loadtest run ttfs FOLDER --url ws://127.0.0.1:8000 --doors listen --max-p95 240

As pipecat-ai/stt-benchmark measures it: each clip goes over a connection of its own, in pieces of
20 ms at the speed of life and zeros behind it; the client's own detector finds the end of speech,
and once it has heard 200 ms of silence the client asks for the final: `Finalize` at /v1/listen, a
commit at /v1/realtime without the server's turn detection. The time runs from the beginning of that
silence to the final, so that 200 ms of it are the client's; the last final of a clip counts. FOLDER
has a manifest.jsonl, as for `run wer`; without one the bundled recording is said. Not mirrored: the
client's detector is WebRTC's, not Silero, and lets go of a word some 30 ms later; and pipecat's
threshold of loudness, and its own frames between detector and socket, are left aside.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import uvloop

from loadtest.measures import percentiles
from loadtest.options import report_option, server, server_options, url_option
from loadtest.progress import bar
from loadtest.reports import tell
from loadtest.run.ttfs.doors import DOORS, Door
from loadtest.run.ttfs.speaker import Clip, Timing, say
from loadtest.run.wer.manifest import Recording, read_manifest, spread
from streamer.cli.demo import sample_path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    url_option(parser)
    parser.add_argument("source", type=Path, nargs="?", metavar="FOLDER", help="or a manifest")
    parser.add_argument("--clips", type=int, default=40, help="say only so many, at each door")
    parser.add_argument("--streams", type=int, default=4, help="so many at a time")
    parser.add_argument("--doors", nargs="+", choices=list(DOORS), default=list(DOORS))
    parser.add_argument("--max-p50", type=float, metavar="MS", help="exit with 1 above it")
    parser.add_argument("--max-p95", type=float, metavar="MS", help="exit with 1 above it")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Say the clips at each door, and print a report."""
    recordings = _recordings(options.source, options.clips)
    clips = [Clip.of(one.samples()) for one in recordings]
    with server(options) as url:
        doors = {
            name: uvloop.run(_measure(url, DOORS[name], clips, options.streams, name))
            for name in options.doors
        }
    met = all(
        bar is None or (one["ttfs_ms"][which] or float("inf")) <= bar
        for which, bar in (("p50", options.max_p50), ("p95", options.max_p95))
        for one in doors.values()
    )
    summary = {name: one["ttfs_ms"] for name, one in doors.items()}
    report = {"summary": {"met": met, **summary}, "streams": options.streams, "doors": doors}
    tell(report, options.json)
    return 0 if met else 1


def _recordings(source: Path | None, most: int) -> list[Recording]:
    if source is None:
        return [Recording(sample_path(), "")] * min(most, 4)
    spoken = [one for one in read_manifest(source) if one.text.endswith((".", "?", "!"))]
    return spread(spoken, most)


async def _measure(
    url: str, door: Door, clips: list[Clip], streams: int, name: str
) -> dict[str, Any]:
    """Say each clip once, so many at a time."""
    waiting = iter(clips)
    timings: list[Timing | None] = []

    with bar(f"{len(clips)} clips at {name}", len(clips)) as advance:

        async def speak() -> None:
            for clip in waiting:
                timings.append(await say(url, door, clip))
                advance(1)

        async with asyncio.TaskGroup() as group:
            for at in range(streams):
                await asyncio.sleep(0.3 * bool(at))  # nobody speaks in step
                group.create_task(speak())
    heard = [one for one in timings if one is not None]
    return {
        "ttfs_ms": percentiles([one.ttfs_s for one in heard]),
        "from_last_loud_sample_ms": percentiles([one.since_loud_s for one in heard]),
        "clips": len(timings),
        "without_a_value": len(timings) - len(heard),
        "without_text": sum(not one.text for one in heard),
    }
