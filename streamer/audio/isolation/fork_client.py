"""The way to a fork server, which is started when it is needed first, and whenever it is gone."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from streamer.audio.isolation.fork_server import STATUS

COMMAND = (sys.executable, "-m", "streamer.audio.isolation")

STATUS_WAIT_S = 5.0
"""Between the end of a process's connection and word of how it ended."""


@dataclass(frozen=True, slots=True)
class DecoderProcess:
    """Somewhere, a process with our file, at the other end of the connection."""

    connection: socket.socket
    lifeline: socket.socket

    def how_it_ended(self) -> int | None:
        """Return its status once its connection has ended, if it is told: signals are negative."""
        self.lifeline.settimeout(STATUS_WAIT_S)
        try:
            told = self.lifeline.recv(STATUS.size)
        except OSError:
            return None
        return STATUS.unpack(told)[0] if len(told) == STATUS.size else None

    def kill(self) -> None:
        """End it at once, if it has not ended by itself, and let go of it."""
        self.lifeline.close()
        self.connection.close()


class ForkClient:
    """Asks for processes, from any thread."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Have the fork server start meanwhile; raises OSError where it cannot."""
        with self._lock:
            self._ready()

    def start(self, file: int) -> DecoderProcess:
        """Start a process that reads a descriptor; raises OSError where none can be had."""
        with self._lock:
            return self._forked(self._ready(), file)

    def close(self) -> None:
        """End the fork server and all that came of it."""
        with self._lock:
            self._close()

    def _ready(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._close()
        if self._control is None:
            self._control = self._started()
        return self._control

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()
        self._control = self._process = None

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        # Libraries that start threads as they load would not survive a fork.
        alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [*self._command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={**os.environ, **alone},
                )
            except OSError:
                ours.close()
                raise
        return ours

    def _forked(self, control: socket.socket, file: int) -> DecoderProcess:
        connection, theirs = socket.socketpair()
        lifeline, its_end = socket.socketpair()
        with theirs, its_end:
            try:
                descriptors = [file, theirs.fileno(), its_end.fileno()]
                socket.send_fds(control, [b"+"], descriptors)
            except OSError:
                connection.close()
                lifeline.close()
                raise
        return DecoderProcess(connection, lifeline)


DECODERS = ForkClient()
"""This process's. It costs nothing until a recording is read."""

atexit.register(DECODERS.close)
