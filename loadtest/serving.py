"""A server in a process of its own, for as long as a benchmark needs it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager


@contextmanager
def served(options: Sequence[str]) -> Generator[str]:
    """Run `streamer serve` with these options on a free port of loopback; yields its address."""
    command = [sys.executable, "-m", "streamer.cli.main", "serve", "--port", "0"]
    command += ["--max-sessions", "100000", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(
                found[0] for line in process.stdout if (found := re.search(r"ws://[^/\s]+", line))
            )
        finally:
            process.terminate()
