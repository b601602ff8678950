"""A WebSocket connection that no peer can use to hog the event loop.

The library parses all that one read brings in one go: a 256 KiB read of empty frames or pings
is tens of thousands of frames, and stalls every other client for as long as a flood lasts
(measured on websockets 17.4: 170 to 240 ms a read; under uvloop the loop froze for the whole
flood). Here a read is handed on in small slices, one a turn of the loop, and frames beyond what
any client needs are made to wait, which TCP's flow control passes on to the sender.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.protocol import Event

from streamer.server.quotas import Peer
from streamer.wire.dialect import Dialect
from streamer.wire.door import Door

SLICE_BYTES = 4096
"""Bytes parsed in one turn of the event loop."""

FRAMES_PER_SECOND = 4000
"""Sustained; 20 ms frames in real time are 50 a second, so this is 80 times real time."""

BURST_FRAMES = 1000

SEND_BUFFER_BYTES = 65536
"""The kernel's buffer for a client: what it holds cannot be replaced by newer messages, and the
kernel's own choice, megabytes, hides a client that does not read."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the handshake found out about a client that was let in.

    `leave` gives back what it was counted as, once the connection is gone.
    """

    door: Door
    dialect: Dialect
    session: str
    peer: Peer
    leave: Callable[[], None]


class GovernedConnection(ServerConnection):
    """Reads are parsed slice by slice, at a bounded rate of frames."""

    admitted: Admitted | None = None

    _inbox: deque[memoryview]
    _allowance: float
    _refilled: float
    _full: bool
    _eof: bool
    _reading: bool
    _pump: asyncio.Handle | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put ourselves between the transport and the library's flow control."""
        self._inbox = deque()
        self._allowance = BURST_FRAMES
        self._refilled = self.loop.time()
        self._full = False
        self._eof = False
        self._reading = True
        self._pump = None
        super().connection_made(transport)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.recv_messages.pause = self._hold
        self.recv_messages.resume = self._release

    def data_received(self, data: bytes) -> None:
        """Keep what was read, and read no more until it is parsed."""
        view = memoryview(data)
        self._inbox.extend(view[at : at + SLICE_BYTES] for at in range(0, len(view), SLICE_BYTES))
        self._schedule()

    def eof_received(self) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Tell the library of the end only when it has seen everything before it.

        True, in asyncio's terms, keeps the transport open meanwhile.
        """
        self._eof = True
        if self._inbox:
            return True
        super().eof_received()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Parse nothing any more, and count for nothing."""
        if self.admitted is not None:
            self.admitted.leave()
        self._inbox.clear()
        if self._pump is not None:
            self._pump.cancel()
        super().connection_lost(exc)

    def process_event(self, event: Event) -> None:
        """Charge each frame, control frames too."""
        self._allowance -= 1
        super().process_event(event)

    def _hold(self) -> None:
        self._full = True

    def _release(self) -> None:
        self._full = False
        self._schedule()

    def _schedule(self) -> None:
        """Parse the next slice as soon as it is allowed, or read on."""
        if self._pump is not None:
            return
        wanted = not self._inbox and not self._full
        if wanted != self._reading and not self.transport.is_closing():
            self._reading = wanted
            change: Callable[[], None] = (
                self.transport.resume_reading if wanted else self.transport.pause_reading
            )
            change()
        if not self._inbox or self._full:
            return
        now = self.loop.time()
        self._allowance += (now - self._refilled) * FRAMES_PER_SECOND
        self._allowance = min(self._allowance, BURST_FRAMES)
        self._refilled = now
        if self._allowance > 0:
            self._pump = self.loop.call_soon(self._parse)
        else:
            wait = (1 - self._allowance) / FRAMES_PER_SECOND
            self._pump = self.loop.call_later(wait, self._parse)

    def _parse(self) -> None:
        self._pump = None
        super().data_received(bytes(self._inbox.popleft()))
        if self._eof and not self._inbox:
            super().eof_received()
            if not self.transport.is_closing():
                self.transport.close()
        else:
            self._schedule()
