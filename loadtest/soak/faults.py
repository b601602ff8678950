"""Every fault that a server must take, what it did to the others, and a table of that.

    python -m loadtest soak faults                       # all, some ten minutes
    python -m loadtest soak faults --only pings --only sigkill

While a fault lasts three others speak in real time. Their histories must be without a fault, or
with an explicit error where the engine itself failed. Told are also their finals' wait, relative to
the same speech just before the fault, and the event loop's lag. Fails on any history error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import IO

import uvloop

from loadtest.attack import attackers
from loadtest.attack.attackers import Attack, during, flood, never_read
from loadtest.attack.raw import BINARY, PING, Target, frame
from loadtest.clients import BYTES_PER_S, Speech, say, undisturbed
from loadtest.errors import CommandError
from loadtest.options import server_options
from loadtest.oracle import History
from loadtest.processes import engine_of, family
from loadtest.progress import note
from loadtest.server_metrics import Lag, p99_ms, read_lag
from loadtest.serving import PROGRAM, served_process
from loadtest.tcp_proxy import tcp_proxy
from streamer.cli.demo import sample_path
from streamer.protocols.native.messages import Final

OTHERS = 3
SPEECH_S = 13.4
"""Three sentences of the sample."""
FAULT_S = 8.0


@dataclass(slots=True)
class Scene:
    """A server and what is said to it."""

    url: str
    process: Popen[str]
    speech: Speech
    due: list[Final]
    serve: Sequence[str]
    """Options of `streamer serve`."""

    def order(self, text: str) -> None:
        """Make the server fail."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    async def others(self, count: int = OTHERS) -> list[History]:
        """Speak in real time, each a little later than the one before."""
        async with asyncio.TaskGroup() as group:
            saying: list[asyncio.Task[History]] = []
            for _ in range(count):
                saying.append(group.create_task(say(self.url, self.speech, live=True)))
                await asyncio.sleep(0.2)
        return [one.result() for one in saying]


Fault = Callable[[Scene], Awaitable[list[str]]]
"""Happens while others speak; returns what went wrong beyond their histories."""


def attacked(attack: Attack) -> Fault:
    """Let a hostile client do its worst."""

    async def fault(scene: Scene) -> list[str]:
        await asyncio.to_thread(during, attack, Target.of(scene.url), FAULT_S)
        return []

    return fault


def told(order: str) -> Fault:
    """Make the server itself fail, in the middle of what is said."""

    async def fault(scene: Scene) -> list[str]:
        await asyncio.sleep(3)
        scene.order(order)
        return []

    return fault


def engine_gets(number: signal.Signals) -> Fault:
    """Send a signal to the process in which the model lives, in the middle of what is said."""

    async def fault(scene: Scene) -> list[str]:
        await asyncio.sleep(3)
        engine = engine_of(scene.process.pid)
        if engine is None:
            return ["the engine has no process of its own"]
        os.kill(engine, number)
        return []

    return fault


async def frozen(scene: Scene) -> list[str]:
    """Server and engine stand still for longer than every time-out, as in a paused machine."""
    await asyncio.sleep(3)
    everything = list(family(scene.process.pid))
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(40)
    for pid in everything:
        os.kill(pid, signal.SIGCONT)
    return []


async def half_open(scene: Scene) -> list[str]:
    """A line that goes dead without a word; its client finds out, and comes back."""
    target = Target.of(scene.url)
    async with tcp_proxy(target.host, target.port) as proxy:
        saying = asyncio.create_task(say(proxy.url, scene.speech, live=True))
        await asyncio.sleep(4)
        proxy.hang()
        return (await saying).problems(scene.due)


async def overload(scene: Scene) -> list[str]:
    """Far more work than the engine can do: sixteen files as fast as they are taken."""
    files = (say(scene.url, scene.speech, live=False) for _ in range(16))
    return [problem for one in await asyncio.gather(*files) for problem in one.problems(scene.due)]


async def sigterm(scene: Scene) -> list[str]:
    """Everybody finishes what they say, and the server ends with 0."""
    await asyncio.sleep(3)
    scene.process.send_signal(signal.SIGTERM)
    code = await asyncio.to_thread(scene.process.wait, 90)
    return [] if code == 0 else [f"the server ended with {code}"]


async def sigkill(scene: Scene) -> list[str]:
    """Another server takes its port; the clients send it again what is not settled."""
    await asyncio.sleep(5)
    scene.process.kill()
    scene.process.wait()
    with served_process(scene.serve, port=Target.of(scene.url).port):
        await asyncio.sleep(SPEECH_S + 6)
    return []


KILLED = "SIGKILL of the engine's process"
CRASHED = "segmentation fault in the engine's process"
FROZEN = "engine's process frozen until it is killed, 30 s"

FAULTS: dict[str, Fault] = {
    "a reader that never reads": attacked(never_read()),
    "50 slow-loris handshakes": attacked(attackers.slow_loris),
    "half-open link, then resumed": half_open,
    "RST in mid-utterance, again and again": attacked(attackers.reset),
    "flood of empty frames": attacked(flood(frame(BINARY) * 2000)),
    "flood of pings": attacked(flood(frame(PING) * 2000)),
    "flood of fragments": attacked(flood(attackers.fragments())),
    "deflate bomb": attacked(flood(attackers.bomb())),
    "oversized frame": attacked(flood(attackers.oversized())),
    "garbage JSON and binary": attacked(flood(attackers.garbage())),
    "tiny utterances on 12 connections": attacked(attackers.tiny_utterances(12)),
    "engine exception": told("exception"),
    "out of memory in the engine": told("memory"),
    "engine that hangs for 3 s": told("hang 3"),
    KILLED: engine_gets(signal.SIGKILL),
    CRASHED: engine_gets(signal.SIGSEGV),
    FROZEN: engine_gets(signal.SIGSTOP),
    "server frozen for 40 s": frozen,
    "16 files at once, beyond capacity": overload,
    "wall clock set back an hour": told("clock 3600"),
    "disk full for logs and recordings": told("disk 4096"),
    "SIGTERM under load": sigterm,
    "SIGKILL, restart, clients go on": sigkill,
}


@asynccontextmanager
async def scene(
    speech: Speech, due: list[Final], serve: Sequence[str], *, worker: bool
) -> AsyncGenerator[Scene]:
    """Start a server whose log goes nowhere that has room, and which records.

    Its model lives in a `worker`, or in its own process and fails when it is told to.
    """
    module = PROGRAM if worker else "loadtest.soak.faulty_server"
    engine = "worker" if worker else "local"
    with (
        tempfile.TemporaryDirectory() as folder,
        _full_disk() as full,
        served_process(
            ["--record", folder, "--engine", engine, *serve], module=module, stderr=full
        ) as running,
    ):
        url, process = running
        yield Scene(url, process, speech, due or await undisturbed(url, speech), serve)


def _full_disk() -> IO[bytes]:
    return Path("/dev/full").open("wb")


async def examine(
    name: str, fault: Fault, speech: Speech, due: list[Final], serve: Sequence[str]
) -> dict[str, object]:
    """Let it happen, and measure what it did to others."""
    async with scene(speech, due, serve, worker=name in (KILLED, CRASHED, FROZEN)) as stage:
        before = await stage.others()
        lag_before = await asyncio.to_thread(read_lag, stage.url)
        lag: Lag | None = None
        saying = asyncio.create_task(stage.others())
        await asyncio.sleep(1)
        wrong = await fault(stage)
        during = await saying
        if stage.process.poll() is None:
            lag = await asyncio.to_thread(read_lag, stage.url) - lag_before
        due.extend(stage.due if not due else [])
        histories = [*before, *during]
    problems = [problem for one in histories for problem in one.problems(due)] + wrong
    waits = [statistics.median(w for one in side for w in one.waits) for side in (before, during)]
    finals = sum(len(one.finals) for one in during)
    return {
        "fault": name,
        "others' finals": finals,
        "wait before ms": round(waits[0] * 1000),
        "wait during ms": round(waits[1] * 1000),
        "ratio": round(waits[1] / waits[0], 2),
        "loop lag p99 ms": None if lag is None else p99_ms(lag),
        "problems": problems,
    }


def row(found: dict[str, object]) -> str:
    """One line of the table in docs/benchmarks.md."""
    lag, finals = found["loop lag p99 ms"], found["others' finals"]
    cells = (
        found["fault"],
        f"{finals}, {'FAILED' if found['problems'] else 'none lost'}",
        f"{found['ratio']}",
        "-" if lag is None else f"≤ {lag:g}",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    server_options(parser)
    parser.add_argument("--only", action="append", default=[], help="part of a fault's name")
    parser.add_argument("--report", type=Path, help="append a JSON object a fault to this file")


def run(options: argparse.Namespace) -> int:
    """Let the faults happen; 1 if anything went wrong for anybody else."""
    parts = [part.lower() for part in options.only] or [""]
    chosen = {k: one for k, one in FAULTS.items() if any(part in k.lower() for part in parts)}
    if not chosen:
        raise CommandError(f"no fault is called that; there are: {', '.join(FAULTS)}")
    return uvloop.run(_all(chosen, options.report, options.serve))


async def _all(chosen: dict[str, Fault], report: Path | None, serve: Sequence[str]) -> int:
    """Let them happen one after the other, each on a server of its own."""
    whole = Speech.read(sample_path())
    end = round((SPEECH_S + 1) * BYTES_PER_S) // 2 * 2
    speech = Speech("three sentences", whole.data[:end] + bytes(2 * BYTES_PER_S))
    due: list[Final] = []
    failed = False
    print("| fault | others' finals | their wait, relative | loop lag p99, ms |")
    print("| --- | --- | --- | --- |")
    for name, fault in chosen.items():
        note(f"{name} ...")
        began = time.monotonic()
        found = await examine(name, fault, speech, due, serve)
        failed = failed or bool(found["problems"])
        print(row(found), flush=True)
        for problem in found["problems"] if isinstance(found["problems"], list) else []:
            note(f"  {problem}")
        if report is not None:
            with report.open("a", encoding="utf-8") as file:
                took = {"took s": round(time.monotonic() - began), "load": os.getloadavg()[0]}
                file.write(json.dumps(found | took) + "\n")
    return 1 if failed else 0
