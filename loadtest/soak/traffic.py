"""Hours of mixed traffic against a server of its own; fails on any history error or leak.

    python -m loadtest soak --minutes 60 --report soak.jsonl

Real-time streams, files, streams over a line that is cut again and again, and clients that never
come back. Every history is judged against an undisturbed run. Now and then all traffic ends, and
the server's memory, tasks, threads and file descriptors are read: between the first of these rests
after the warm-up and the last, memory may not have grown by more than 5 %, nor anything else at
all. The report has a JSON object a line: each conversation, each rest, and a summary at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import uvloop

from loadtest.clients import (
    NotAdmittedError,
    Speech,
    say,
    say_over_a_bad_line,
    undisturbed,
    vanish,
)
from loadtest.options import server_options
from loadtest.processes import resident
from loadtest.progress import clock
from loadtest.server_metrics import read_metrics, value
from loadtest.serving import served_process
from streamer.cli.demo import sample_path
from streamer.client import StreamError
from streamer.protocols.native.messages import Final

GROWTH = 0.05
WINDOW_S = 10
KINDS = ("live", "live", "live with flush", "bad line", "bad line", "file", "vanishing")
QUIET_S = 60.0


@dataclass(frozen=True, slots=True)
class Rest:
    """The server with nobody there."""

    minute: float
    rss_mb: float
    tasks: int
    threads: int
    files: int

    def grown_to(self, later: Rest) -> list[str]:
        """What a later rest has more of, in words."""
        found = [
            f"{name}: {before} at minute {self.minute:.0f}, {after} at minute {later.minute:.0f}"
            for name, before, after in (
                ("tasks", self.tasks, later.tasks),
                ("threads", self.threads, later.threads),
                ("file descriptors", self.files, later.files),
            )
            if after > before
        ]
        if later.rss_mb > self.rss_mb * (1 + GROWTH):
            found.append(f"memory: {self.rss_mb} MB grew to {later.rss_mb} MB")
        return found


class Soak:
    """The traffic, its judges, and what they found."""

    def __init__(self, url: str, pid: int, speeches: list[Speech], report: TextIO) -> None:
        self._url = url
        self._pid = pid
        self._speeches = speeches
        self._report = report
        self._due: dict[str, list[Final]] = {}
        self._began = time.monotonic()
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter()
        self.rests: list[Rest] = []

    @property
    def minute(self) -> float:
        """Minutes since it began."""
        return (time.monotonic() - self._began) / 60

    async def learn(self) -> None:
        """Hear everything once, undisturbed."""
        for speech in self._speeches:
            self._due[speech.name] = await undisturbed(self._url, speech)

    async def run(self, streams: int, minutes: float, rest_every: float) -> None:
        """Alternate between traffic and rests."""
        await self.learn()
        self._note("learnt", texts={name: len(finals) for name, finals in self._due.items()})
        while self.minute < minutes:
            until = min(minutes, self.minute + rest_every)
            seeds = (f"{until:.2f} {number}" for number in range(streams))
            label = f"traffic until minute {until:.0f} of {minutes:.0f}"
            async with clock(label, 60 * (until - self.minute)):
                await asyncio.gather(*(self._talk(random.Random(seed), until) for seed in seeds))
            await self._rest()

    async def _talk(self, chance: random.Random, until: float) -> None:
        while self.minute < until:
            kind, speech = chance.choice(KINDS), chance.choice(self._speeches)
            try:
                problems, told = await self._converse(kind, speech, chance)
            except NotAdmittedError as error:
                problems, told = [], {"not let in": str(error)}
                self.counts["not let in"] += 1
            except (StreamError, TimeoutError) as error:
                problems, told = [f"{type(error).__name__}: {error}"], {}
            self.counts[kind] += 1
            self.problems += [f"{kind} {speech.name}: {problem}" for problem in problems]
            self._note(kind, speech=speech.name, problems=problems, **told)

    async def _converse(
        self, kind: str, speech: Speech, chance: random.Random
    ) -> tuple[list[str], dict[str, Any]]:
        async with asyncio.timeout(300):
            match kind:
                case "vanishing":
                    await vanish(self._url, speech, chance)
                    return [], {}
                case "bad line":
                    history = await say_over_a_bad_line(self._url, speech, chance)
                case _:
                    live, flush = kind != "file", kind == "live with flush"
                    history = await say(self._url, speech, live=live, flush=flush)
        self.counts["finals"] += len(history.finals)
        self.counts["resumptions"] += history.resumptions
        self.counts["audio seconds"] += round(history.accepted_s)
        told = {"finals": len(history.finals), "resumptions": history.resumptions}
        return history.problems(self._due[speech.name]), told

    async def _rest(self) -> None:
        """Wait until the server has nobody, and look at it."""
        async with asyncio.timeout(QUIET_S):
            while True:
                measured = await asyncio.to_thread(self._metrics)
                if not measured["sessions"] and not measured["suspended"]:
                    break
                await asyncio.sleep(0.5)
        measured = await asyncio.to_thread(self._metrics)
        await asyncio.sleep(1)  # until the connection that asked is gone too
        process = Path(f"/proc/{self._pid}")
        status = (process / "status").read_text()
        rest = Rest(
            minute=round(self.minute, 2),
            rss_mb=round(resident(self._pid) / 2**20, 1),
            tasks=measured["tasks"],
            threads=int(_found(r"Threads:\s+(\d+)", status)),
            files=len(list((process / "fd").iterdir())),
        )
        self.rests.append(rest)
        self._note("rest", **asdict(rest))

    def _metrics(self) -> dict[str, int]:
        metrics = read_metrics(self._url)
        names = ("sessions", "suspended", "tasks")
        return {name: int(value(metrics, f"streamer_{name}")) for name in names}

    def _note(self, what: str, **fields: object) -> None:
        line = {"minute": round(self.minute, 2), "what": what} | fields
        self._report.write(json.dumps(line) + "\n")
        self._report.flush()

    def summary(self, warm_up: float) -> dict[str, Any]:
        """Judge it all; leaks from the first rest after the warm-up."""
        warm = [rest for rest in self.rests if rest.minute >= warm_up] or self.rests[:1]
        leaks = warm[0].grown_to(warm[-1]) if warm else ["no rest was reached"]
        summary = {
            "minutes": round(self.minute, 1),
            "counts": dict(self.counts),
            "problems": self.problems,
            "leaks": leaks,
            "warm": asdict(warm[0]) if warm else None,
            "last": asdict(warm[-1]) if warm else None,
        }
        self._note("summary", **summary)
        return summary


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--streams", type=int, default=6, help="clients at a time")
    parser.add_argument("--audio", type=Path, nargs="+", default=[sample_path()])
    parser.add_argument("--rest-every", type=float, default=5.0, help="minutes between rests")
    parser.add_argument("--warm-up", type=float, default=10.0, help="minutes before leaks count")
    parser.add_argument("--report", type=Path, default=Path("soak.jsonl"), help="JSON lines")


def run(options: argparse.Namespace) -> int:
    """Soak, and say what was found; 1 if anything was."""
    speeches = [Speech.read(path) for path in options.audio]
    serve = ["--resume-window-s", str(WINDOW_S), *options.serve]
    with (
        options.report.open("a", encoding="utf-8") as report,
        served_process(serve) as (url, process),
    ):
        soak = Soak(url, process.pid, speeches, report)
        uvloop.run(soak.run(options.streams, options.minutes, options.rest_every))
        summary = soak.summary(options.warm_up)
    print(json.dumps(summary, indent=2))
    return 1 if summary["problems"] or summary["leaks"] else 0


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match is not None, f"{pattern} is not told"
    return match[1]
