"""Signals are heard from the server's first moment to its last."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.test_commands import serving, streamer_command


@contextmanager
def loading() -> Generator[subprocess.Popen[str]]:
    """Run a server whose port answers already, and whose model is not there yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = streamer_command("serve", "--port", str(port))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_loads_ends_in_good_order(number: signal.Signals) -> None:
    with loading() as process:
        process.send_signal(number)
        out, log = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Listening" not in out
        assert "Traceback" not in log


def test_a_server_that_loads_survives_sighup() -> None:
    with loading() as process:
        process.send_signal(signal.SIGHUP)
        assert process.stdout is not None
        assert any("Listening" in line for line in process.stdout)
        process.send_signal(signal.SIGHUP)
        process.terminate()
        _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "keys and certificate will be read" in log
        assert "keys were read again" in log


def engine_of(pid: int) -> int:
    """The one process that this one has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    (child,) = [child for task in tasks for child in (task / "children").read_text().split()]
    return int(child)


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux")
def test_the_engine_ends_with_a_server_that_is_killed() -> None:
    with serving() as (process, _):
        engine = engine_of(process.pid)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        while is_running(engine):
            assert time.monotonic() < deadline
            time.sleep(0.01)
