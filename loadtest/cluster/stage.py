"""Where it all happens: machines with Ray, told in one context."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from loadtest.cluster.machines import start_head, start_node
from loadtest.cluster.network import SWITCH, network
from loadtest.errors import CommandError
from streamer.engines.ray.environment import prepare

INSIDE = "LOADTEST_AT_SWITCH"


def at_the_switch() -> int | None:
    """Run the command again where the machines can be reached; None where that is here."""
    if INSIDE in os.environ:
        return None
    if find_spec("ray") is None:
        raise CommandError("this needs Ray: pip install 'streamer-transcriber[ray]'")
    command = ["ip", "netns", "exec", SWITCH, sys.executable, "-m", "loadtest", *sys.argv[1:]]
    with network():
        return subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False).returncode


@contextmanager
def cluster(cpus: int) -> Generator[Path]:
    """Start a head and two nodes with room for so many replicas each; yields a folder."""
    prepare()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), *sys.path[1:]])
    with tempfile.TemporaryDirectory(prefix="st", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        start_head(folder)
        for machine in ("one", "two"):
            start_node(machine, cpus)
        yield folder
