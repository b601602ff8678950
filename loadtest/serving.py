"""A server in a process of its own, for as long as a benchmark needs it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import IO


@contextmanager
def served(options: Sequence[str]) -> Generator[str]:
    """Run `streamer serve` with these options on a free port of loopback; yields its address."""
    with served_process(options) as (url, _):
        yield url


@contextmanager
def served_process(
    options: Sequence[str],
    port: int = 0,
    module: str = "streamer.cli.main",
    stderr: IO[bytes] | None = None,
) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Run a server as `served` does; yields its process too, whose standard input is open."""
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    command += ["--max-sessions", "100000", *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        try:
            assert process.stdout is not None
            found = (re.search(r"ws://[^/\s]+", line) for line in process.stdout)
            yield next(address[0] for address in found if address), process
        finally:
            process.terminate()
