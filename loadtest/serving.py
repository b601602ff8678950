"""A server in a process of its own, for as long as a benchmark needs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from loadtest.errors import CommandError

PROGRAM = "streamer.cli.main"
HERE = Path(__file__).parents[1]


@contextmanager
def served(options: Sequence[str], checkout: Path = HERE) -> Generator[str]:
    """Run `streamer serve` with these options on a free port of loopback; yields its address."""
    with served_process(options, checkout=checkout) as (url, _):
        yield url


@contextmanager
def served_process(
    options: Sequence[str],
    port: int = 0,
    module: str = PROGRAM,
    stderr: IO[bytes] | None = None,
    checkout: Path = HERE,
) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Run a server as `served` does; yields its process too, whose standard input is open.

    The code is that of `checkout`, whatever is installed. Raises CommandError with the last line
    of its log where it ends by itself.
    """
    command = [sys.executable, "-m", module, "serve", "--port", str(port)]
    command += ["--max-sessions", "100000", *options]
    with (
        TemporaryFile() as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr or log,
            text=True,
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout)},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            found = (re.search(r"ws://[^/\s]+", line) for line in process.stdout)
            url = next((address[0] for address in found if address), None)
            if url is None:
                code = process.wait()
                log.seek(0)
                last = log.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise CommandError(f"the server ended with {code}: {last}")
            yield url, process
        finally:
            process.terminate()
