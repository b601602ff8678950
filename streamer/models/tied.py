"""Run a command that ends, and leaves no folder behind, when whoever asked for it is gone.

    python tied.py FOLDER COMMAND …

Not imported but run. Standard input says whether somebody is there: it ends with the process that
holds its other end, in whatever way that ends. The command is then killed and FOLDER removed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading


def main(folder: str, command: list[str]) -> int:
    """Return the command's exit status."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    alone = threading.Event()

    def wait_for_the_end() -> None:
        os.read(sys.stdin.fileno(), 1)  # nobody ever writes
        alone.set()
        child.kill()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    status = child.wait()
    if alone.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
