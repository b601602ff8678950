"""Ray on those machines, an application on it, and gateways."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loadtest.cluster.network import MACHINES, at, pids
from loadtest.errors import CommandError

HEAD = MACHINES["head"]
GCS_PORT, DASHBOARD_PORT = 6379, 8265
DASHBOARD = f"http://{HEAD}:{DASHBOARD_PORT}"
APPLICATIONS = f"{DASHBOARD}/api/serve/applications/"
LIMIT_S = 90.0
QUICK_HEALTH = {
    # A node that says nothing is lost after 3 s, not after 25.
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}


def start_head(folder: Path) -> None:
    """Start the head, which has no replicas."""
    start(
        "head",
        "--head",
        f"--port={GCS_PORT}",
        "--num-cpus=0",
        f"--dashboard-host={HEAD}",
        f"--temp-dir={folder}",
        f"--system-config={json.dumps(QUICK_HEALTH)}",
    )


def start_node(machine: str, cpus: int) -> None:
    """Start a node with room for so many replicas."""
    start(machine, f"--address={HEAD}:{GCS_PORT}", f"--num-cpus={cpus}")


def start(machine: str, *options: str) -> None:
    """Start Ray on a machine; it goes on by itself."""
    command = [_script("ray"), "start", f"--node-ip-address={MACHINES[machine]}", *options]
    command += ["--disable-usage-stats"]
    _run(at(machine, command))


def deploy(application: Mapping[str, Any], replicas: int, folder: Path) -> None:
    """Have so many replicas, and wait until they are there."""
    engine = {
        "name": "engine",
        "num_replicas": replicas,
        "ray_actor_options": {"num_cpus": 1},
        "graceful_shutdown_timeout_s": 10,
    }
    config = {
        "proxy_location": "Disabled",
        "applications": [{"route_prefix": None, "deployments": [engine], **application}],
    }
    file = folder / "serve.json"  # what is JSON is YAML
    file.write_text(json.dumps(config), encoding="utf-8")
    _run([_script("serve"), "deploy", "--address", DASHBOARD, str(file)])
    until(lambda: running(str(application["name"])) == {"RUNNING": replicas}, "the replicas")


def running(application: str) -> dict[str, int]:
    """Return how many replicas are in which state."""
    try:
        with urllib.request.urlopen(APPLICATIONS, timeout=5) as answer:
            found = json.load(answer)["applications"].get(application, {})
    except OSError:
        return {}
    replicas = found.get("deployments", {}).get("engine", {}).get("replicas", [])
    states = [one["state"] for one in replicas]
    return {state: states.count(state) for state in states}


def replicas_on(machine: str) -> list[int]:
    """Return the numbers of the processes of a machine that are replicas."""
    return [pid for pid in pids(machine) if b"ServeReplica" in _command(pid)]


@contextmanager
def gateway(machine: str, port: int, model: str, *options: str) -> Generator[subprocess.Popen[str]]:
    """Run `streamer serve --engine ray` on a machine, until the end or until it is killed."""
    command = [sys.executable, "-m", "streamer", "serve", "--host", MACHINES[machine]]
    command += ["--port", str(port), "--engine", "ray", "--ray-address", f"{HEAD}:{GCS_PORT}"]
    command += ["--model", model, *options]
    with subprocess.Popen(
        at(machine, command), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        ready = f"http://{MACHINES[machine]}:{port}/readyz"
        try:
            until(lambda: _answers(ready), "a gateway")
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that nobody tells of."""
    limit = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > limit:
            raise CommandError(f"{what} did not come in {LIMIT_S:g} s")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: {done.stdout[-800:]}{done.stderr[-800:]}")
