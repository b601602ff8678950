"""A peer's server in a process of its own, and where its programs are."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from loadtest.errors import CommandError

START_TIMEOUT_S = 120.0
THREADS = str(os.cpu_count() or 1)
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def free_port() -> int:
    """Find a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installed(folder: Path, name: str, commands: str) -> Path:
    """Return the folder of a peer's programs; raises CommandError with the way to make it."""
    programs = folder / name / "bin"
    if not (programs / "python").exists():
        lines = "\n".join(f"  {line}" for line in commands.strip().splitlines())
        raise CommandError(
            f"{name} is not installed: python -m venv {folder / name}, and with its pip\n{lines}"
        )
    return programs


@contextmanager
def listening(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Generator[int]:
    """Run a server without a network until it is not needed; yields its process once it listens.

    Raises CommandError with the end of its log where it ends by itself, or is not ready in time.
    """
    with TemporaryDirectory() as nowhere:
        log = Path(nowhere) / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command,
                cwd=nowhere,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": "", **OFFLINE, **(environment or {})},
            ) as process,
        ):
            try:
                _wait_until_open(process, port, log)
                yield process.pid
            finally:
                process.kill()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            command = shlex.join(map(str, process.args if isinstance(process.args, list) else []))
            last = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise CommandError(f"this server does not listen: {command}: {last}") from None
        else:
            return
