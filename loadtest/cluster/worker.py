"""The simulated engine in a process of its own: `python -m loadtest.cluster.worker SOCKET`."""

from __future__ import annotations

import os
import socket
import sys

from loadtest.cluster.simulated import SLOTS, SimulatedEngine
from streamer.engines.local import LocalEngine
from streamer.engines.worker.host import EngineHost
from streamer.engines.worker.messages import Loaded


def main() -> None:
    """Serve until the other end is gone."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        engine = LocalEngine(SimulatedEngine(), SLOTS)
        host = EngineHost(engine, connection)
        host.tell(Loaded(info=engine.info, slots=SLOTS))
        host.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
