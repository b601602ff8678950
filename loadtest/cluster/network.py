"""Machines that are network namespaces on one switch: Ray listens to everybody, so never outside.

Needs Debian's iproute2 and root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Generator, Sequence

from loadtest.errors import CommandError

SWITCH = "streamer-switch"
MACHINES = {"head": "10.77.0.1", "one": "10.77.0.2", "two": "10.77.0.3"}
"""The machines, and what they are reached at; clients and gateways' proxies are at the switch."""
SWITCH_ADDRESS = "10.77.0.254"


def namespace(machine: str) -> str:
    """Return the name of a machine's namespace."""
    return f"streamer-{machine}"


@contextlib.contextmanager
def network() -> Generator[None]:
    """Set up switch and machines; in the end whatever runs there is killed, and all is removed."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        raise CommandError("the machines are network namespaces: this needs iproute2, and root")
    _remove()
    try:
        _ip("netns", "add", SWITCH)
        _ip("-n", SWITCH, "link", "set", "lo", "up")
        _ip("-n", SWITCH, "link", "add", "br0", "type", "bridge")
        _ip("-n", SWITCH, "addr", "add", f"{SWITCH_ADDRESS}/24", "dev", "br0")
        _ip("-n", SWITCH, "link", "set", "br0", "up")
        for machine, address in MACHINES.items():
            _plug_in(machine, address)
        yield
    finally:
        _remove()


def cut(machine: str) -> None:
    """Take a machine's cable out of the switch: packets vanish, and nobody is told."""
    _ip("-n", SWITCH, "link", "set", _port(machine), "nomaster")


def mend(machine: str) -> None:
    """Put it in again."""
    _ip("-n", SWITCH, "link", "set", _port(machine), "master", "br0")


def pids(machine: str) -> list[int]:
    """Return the numbers of all processes of a machine."""
    found = subprocess.run(
        ["ip", "netns", "pids", namespace(machine)], capture_output=True, text=True, check=False
    )
    return [int(one) for one in found.stdout.split()]


def kill(machine: str) -> None:
    """SIGKILL to everything on a machine, as if its plug was pulled."""
    for pid in pids(machine):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def at(machine: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs another on a machine."""
    return ["ip", "netns", "exec", namespace(machine), *command]


def _plug_in(machine: str, address: str) -> None:
    name = namespace(machine)
    _ip("netns", "add", name)
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", _port(machine), "netns", SWITCH)
    _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
    _ip("-n", name, "link", "set", "eth0", "up")
    _ip("-n", SWITCH, "link", "set", _port(machine), "master", "br0")
    _ip("-n", SWITCH, "link", "set", _port(machine), "up")


def _port(machine: str) -> str:
    return f"to-{machine}"


def _remove() -> None:
    there = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0] for line in there.splitlines() if line}
    for machine in MACHINES:
        if namespace(machine) in names:
            kill(machine)
            _ip("netns", "del", namespace(machine))
    if SWITCH in names:
        _ip("netns", "del", SWITCH)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"ip {' '.join(words)}: {done.stderr.strip()}")
