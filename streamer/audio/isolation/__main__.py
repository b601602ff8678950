"""Where processes for recordings come from: `python -m streamer.audio.isolation SOCKET`.

It ends when whoever started it closes the other end of the socket, or is no more. Ctrl-C in a
terminal goes to the whole group of processes, and is that one's.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import pkgutil
import signal
import socket
import sys

import av

from streamer.audio.isolation.decoding import decode
from streamer.audio.isolation.fork_server import ForkServer
from streamer.runtime.threads import lower_priority


def main() -> None:
    """Serve until the other end is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    lower_priority()
    _load_all()
    gc.freeze()  # what is loaded stays shared between the processes
    with socket.socket(fileno=int(sys.argv[1])) as control:
        ForkServer(control, decode).serve()


def _load_all() -> None:
    """Load what PyAV loads for some kinds of files alone: children can open nothing."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


if __name__ == "__main__":
    main()
