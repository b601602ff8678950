"""A process that is spoken with as the engine's is, and dies when it is given certain clips.

    python stand_in.py SOCKET

One of 20 s kills it at once, one of 21 s makes it hang.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engines import CountingEngine

from streamer.engines.local import LocalEngine
from streamer.engines.worker.host import EngineHost
from streamer.engines.worker.messages import Loaded
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import Hypothesis

FATAL_S = 20
HANGS_S = 21


class MortalEngine(CountingEngine):
    def __init__(self) -> None:
        super().__init__(seconds_a_step=0.002)

    def join(self, key: int, clip: Clip) -> None:
        super().join(key, clip)

    def step(self) -> Sequence[tuple[int, Hypothesis]]:  # type: ignore[override]
        seconds = {round(clip.seconds) for clip in self.clips.values()}
        if FATAL_S in seconds:
            os.kill(os.getpid(), signal.SIGKILL)
        if HANGS_S in seconds:
            time.sleep(600)
        return super().step()


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        engine = LocalEngine(MortalEngine())
        host = EngineHost(engine, connection)
        host.tell(Loaded(info=engine.info, slots=engine.capacity().slots))
        host.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
