"""Two machines with a replica each, two gateways, live streams; and everything dies once.

    python -m loadtest cluster            # some six minutes; root, iproute2 and the extra `ray`

Four clients speak in real time to each gateway while a replica, a machine, a gateway and the head
are killed with SIGKILL, a cable is pulled without a word, and replicas come and go. Histories must
be without a fault: no final lost or doubled, texts as undisturbed. The gap is by how much the last
of the finals waited longer than finals usually do. Fails on any history error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import uvloop

from loadtest.clients import BYTES_PER_S, Speech, say, undisturbed
from loadtest.cluster.machines import (
    deploy,
    gateway,
    replicas_on,
    running,
    start_node,
    until,
)
from loadtest.cluster.network import MACHINES, cut, kill, mend
from loadtest.cluster.stage import at_the_switch, cluster
from loadtest.oracle import History
from loadtest.processes import family
from loadtest.progress import note
from loadtest.tcp_proxy import TcpProxy, tcp_proxy
from streamer.cli.demo import sample_path
from streamer.protocols.native.messages import Final

MODEL = "embedded"
APPLICATION = {
    "name": MODEL,
    "import_path": "streamer.engines.ray.application:build",
    "args": {"model": MODEL, "threads": 1},
}
PORTS = (8001, 8002)
SPEAKERS = 4
SPEECH_S = 13.4
"""Three sentences of the sample."""
BEFORE_S = 4.0
"""Of speech before something happens."""


@dataclass(slots=True)
class Scene:
    """The cluster, and who speaks to it; `lines` lead to a gateway each."""

    folder: Path
    gateways: list[Popen[str]]
    lines: list[TcpProxy]
    speech: Speech
    due: list[Final]

    async def listen(self) -> list[History]:
        """Let everybody speak, each a little later than the one before."""
        async with asyncio.TaskGroup() as group:
            saying: list[asyncio.Task[History]] = []
            for number in range(SPEAKERS * len(self.lines)):
                line = self.lines[number % len(self.lines)]
                saying.append(group.create_task(say(line.url, self.speech, live=True)))
                await asyncio.sleep(0.15)
        return [one.result() for one in saying]


def nothing(_: Scene) -> None:
    """What it is like undisturbed."""


def replica(_: Scene) -> None:
    """Kill one of two."""
    for pid in replicas_on("two"):
        os.kill(pid, signal.SIGKILL)


def cable(_: Scene) -> None:
    """Pull it, and leave it so."""
    cut("two")


def machine(_: Scene) -> None:
    """Kill everything on it at once."""
    kill("two")


def one_gateway(scene: Scene) -> None:
    """Its clients are led to the other, as a balancer would."""
    for pid in list(family(scene.gateways[1].pid)):
        os.kill(pid, signal.SIGKILL)
    scene.lines[1].port = PORTS[0]


def head(_: Scene) -> None:
    """Nobody controls anything any more."""
    kill("head")


def fewer(scene: Scene) -> None:
    """The replica that goes ends first what it has."""
    deploy(APPLICATION, 1, scene.folder)


def more(scene: Scene) -> None:
    """A second one comes."""
    deploy(APPLICATION, 2, scene.folder)


def as_before(_: Scene) -> None:
    """Wait for another replica."""
    until(lambda: running(MODEL) == {"RUNNING": 2}, "another replica")


def new_machine(scene: Scene) -> None:
    """Put another in its place."""
    kill("two")
    mend("two")
    start_node("two", 1)
    as_before(scene)


FAULTS: dict[str, tuple[Callable[[Scene], None], Callable[[Scene], None]]] = {
    "nothing": (nothing, nothing),
    "kill -9 of a replica": (replica, as_before),
    "a cable pulled without a word": (cable, new_machine),
    "kill -9 of a machine": (machine, new_machine),
    "from 2 replicas to 1": (fewer, nothing),
    "from 1 replica to 2": (more, nothing),
    "kill -9 of a gateway": (one_gateway, nothing),
    "kill -9 of the head": (head, nothing),
}
"""What happens, and how all is made well again. The head has nobody to make it well."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--only", action="append", default=[], help="part of a fault's name")


def run(options: argparse.Namespace) -> int:
    """Let it all happen; 1 if anything went wrong for anybody."""
    if (status := at_the_switch()) is not None:
        return status
    parts = [part.lower() for part in options.only] or [""]
    chosen = [name for name in FAULTS if any(part in name.lower() for part in parts)]
    with cluster(1) as folder:
        return uvloop.run(_all(chosen, folder))


async def _all(chosen: list[str], folder: Path) -> int:
    whole = Speech.read(sample_path())
    end = round((SPEECH_S + 1) * BYTES_PER_S) // 2 * 2
    speech = Speech("three sentences", whole.data[:end] + bytes(2 * BYTES_PER_S))
    await asyncio.to_thread(deploy, APPLICATION, 2, folder)
    async with AsyncExitStack() as lines:
        with ExitStack() as gateways:
            address = MACHINES["one"]
            serving = [
                await asyncio.to_thread(
                    gateways.enter_context, gateway("one", port, MODEL, "--memory-mb", "256")
                )
                for port in PORTS
            ]
            ways = [await lines.enter_async_context(tcp_proxy(address, port)) for port in PORTS]
            due = await undisturbed(f"ws://{address}:{PORTS[0]}", speech)
            scene = Scene(folder, serving, ways, speech, due)
            return await _each(chosen, scene)


async def _each(chosen: list[str], scene: Scene) -> int:
    print("| what happened | finals | lost, doubled or otherwise heard | wait p50 | longest gap |")
    print("| --- | --- | --- | --- | --- |")
    failed = False
    usual_s: float | None = None
    for name in chosen:
        note(f"{name} ...")
        happen, mend_it = FAULTS[name]
        listening = asyncio.create_task(scene.listen())
        await asyncio.sleep(BEFORE_S)
        await asyncio.to_thread(happen, scene)
        histories = await listening
        problems = [problem for one in histories for problem in one.problems(scene.due)]
        waits = [wait for one in histories for wait in one.waits]
        usual_s = statistics.median(waits) if usual_s is None else usual_s
        failed = failed or bool(problems)
        print(
            f"| {name} | {sum(len(one.finals) for one in histories)} | {len(problems) or 'none'} | "
            f"{statistics.median(waits) * 1000:.0f} ms | {(max(waits) - usual_s) * 1000:.0f} ms |",
            flush=True,
        )
        for problem in problems:
            note(f"  {problem}")
        if name != chosen[-1]:
            await asyncio.to_thread(mend_it, scene)
    return 1 if failed else 0
