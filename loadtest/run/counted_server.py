"""The command line of whichever `streamer` is importable, with its Python calls counted.

SIGUSR1 prints a reading, SIGUSR2 starts and stops the count. Run by path, and on nothing but the
standard library: the source tree that it measures may be an old one.
"""

from __future__ import annotations

import json
import runpy
import signal
import sys
import time
from types import FrameType


def main() -> None:
    """Run the command line in this process, and answer signals."""
    counts = {"calls": 0, "ours": 0}

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            counts["calls"] += 1
            counts["ours"] += "/streamer/" in frame.f_code.co_filename

    def read(*_: object) -> None:
        seconds = {"cpu_s": time.thread_time(), "process_s": time.process_time()}
        line = json.dumps(seconds | counts)
        print("reading", line, flush=True)

    def count(*_: object) -> None:
        sys.setprofile(None if sys.getprofile() is not None else profile)

    signal.signal(signal.SIGUSR1, read)
    signal.signal(signal.SIGUSR2, count)
    sys.argv[0] = "streamer"
    runpy.run_module("streamer.cli.main", run_name="__main__")


if __name__ == "__main__":
    sys.path.pop(0)  # this folder
    main()
