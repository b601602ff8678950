"""Makes processes that have all of the decoders' code from the start: in milliseconds, by fork.

For each one it is sent a byte and three descriptors: what to read, the child's end of a connection,
and one end of its lifeline. The child is killed when the other end of the lifeline is closed, and
how it ended is written there.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

STATUS = struct.Struct("<i")
"""As `os.waitstatus_to_exitcode` has it: negative ones are signals."""

DESCRIPTORS = 3

Work = Callable[[BinaryIO, socket.socket], None]


@dataclass(frozen=True, slots=True)
class _Child:
    pid: int
    lifeline: socket.socket
    end: int  # of a pipe, which breaks when the child is no more


class ForkServer:
    """Forks while somebody holds the other end of `control`. The process must have one thread."""

    def __init__(self, control: socket.socket, work: Work) -> None:
        self._control = control
        self._work = work
        self._children: dict[int, _Child] = {}  # by either of their descriptors here
        self._poll = select.poll()

    def serve(self) -> None:
        """Fork and bury, until nobody wants any more."""
        self._poll.register(self._control, select.POLLIN)
        while True:
            # One at a time: what is told of others may be of descriptors that are new by then.
            descriptor, _ = self._poll.poll()[-1]
            if (child := self._children.get(descriptor)) is not None:
                self._hung_up(child, descriptor)
            elif not self._receive():
                self._kill_all()
                return

    def _receive(self) -> bool:
        told, descriptors, _, _ = socket.recv_fds(self._control, 1, DESCRIPTORS)
        if not told:
            return False
        with contextlib.ExitStack() as received:
            file = received.enter_context(os.fdopen(descriptors[0], "rb"))
            connection = received.enter_context(socket.socket(fileno=descriptors[1]))
            lifeline = socket.socket(fileno=descriptors[2])
            try:
                self._fork(file, connection, lifeline)
            except OSError:  # as many processes as the system allows: whoever asked is told so
                lifeline.close()
        return True

    def _fork(self, file: BinaryIO, connection: socket.socket, lifeline: socket.socket) -> None:
        end, of_child = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(end)
            os.close(of_child)
            raise
        if not pid:
            self._be_child(file, connection)
        os.close(of_child)
        child = _Child(pid, lifeline, end)
        for descriptor in (end, lifeline.fileno()):
            self._children[descriptor] = child
            self._poll.register(descriptor, 0)  # hang-ups are always told

    def _be_child(self, file: BinaryIO, connection: socket.socket) -> NoReturn:
        status = 1
        try:
            self._control.close()
            for child in self._children.values():
                child.lifeline.close()
            self._work(file, connection)
            status = 0
        except (BrokenPipeError, ConnectionResetError):
            status = 0  # nobody wants it any more
        except BaseException:  # noqa: BLE001 - there is nobody above
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(status)

    def _hung_up(self, child: _Child, descriptor: int) -> None:
        if descriptor == child.end:
            self._bury(child)
        else:
            self._poll.unregister(descriptor)
            os.kill(child.pid, signal.SIGKILL)

    def _bury(self, child: _Child) -> None:
        _, status = os.waitpid(child.pid, 0)
        for descriptor in (child.end, child.lifeline.fileno()):
            del self._children[descriptor]
            with contextlib.suppress(KeyError):  # it was hung up before
                self._poll.unregister(descriptor)
        os.close(child.end)
        with child.lifeline, contextlib.suppress(OSError):
            child.lifeline.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))

    def _kill_all(self) -> None:
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)
