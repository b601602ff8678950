"""The engine's process, as a server starts it: `python -m streamer.engines.worker LAUNCH SOCKET`.

It loads the model, answers whoever holds the other end of the socket, and ends when that closes it
or is no more. Ctrl-C in a terminal goes to the whole group of processes, and is the server's.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

from streamer.decoding.step_engine import StepEngine
from streamer.engines.local import LocalEngine
from streamer.engines.worker.host import EngineHost
from streamer.engines.worker.launch import LAUNCHES, Launch
from streamer.engines.worker.messages import ANSWERS, Loaded, NotLoaded
from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.runtime.frames import frame
from streamer.runtime.logs import STANDARD_ERROR, logging_to
from streamer.runtime.memory import give_back_what_is_freed, keep_what_is_loaded
from streamer.runtime.threads import lower_priority


def main() -> None:
    """Serve until the other end is gone."""
    launch, descriptor = LAUNCHES.validate_json(sys.argv[1]), int(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    give_back_what_is_freed()
    with (
        logging_to(STANDARD_ERROR, launch.log_format),
        socket.socket(fileno=descriptor) as connection,
    ):
        _serve(launch, connection)
    os._exit(0)  # a model that hangs must not keep the process


def _serve(launch: Launch, connection: socket.socket) -> None:
    try:
        model = _load(launch)
    except ModelError as error:
        connection.sendall(frame(ANSWERS.dump_json(NotLoaded(message=str(error)))))
        return
    engine = LocalEngine(model, launch.max_batch)
    host = EngineHost(engine, connection)
    keep_what_is_loaded()
    host.tell(Loaded(info=engine.info, slots=engine.capacity().slots))
    host.serve()
    asyncio.run(engine.close())


def _load(launch: Launch) -> StepEngine:
    """Load the model in a thread that gives way, so that those of ONNX Runtime do too."""
    with ThreadPoolExecutor(1, initializer=lower_priority) as loader:
        return loader.submit(
            load_model, launch.folder, provider=launch.provider, threads=launch.threads
        ).result()


if __name__ == "__main__":
    main()
