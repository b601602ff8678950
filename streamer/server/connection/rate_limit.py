"""A WebSocket connection that no peer can use to hog the event loop.

The library parses all that one read brings in one go: a 256 KiB read of empty frames or pings
is tens of thousands of frames, and stalls every other client for as long as a flood lasts
(measured on websockets 17.4: 170 to 240 ms a read; under uvloop the loop froze for the whole
flood). Here the parser takes so many frames a turn of the loop and no more, and frames beyond what
any client needs are made to wait, which TCP's flow control passes on to the sender.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Generator
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.protocol import Event

from streamer.protocols.dialect import Dialect
from streamer.protocols.door import Door
from streamer.server.admission.quotas import Peer

FRAMES_PER_TURN = 16
"""Parsed in one turn of the event loop, and answered in the next: two milliseconds of work where
each is a message of nonsense. The bytes of large frames are bounded by what one read brings."""

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


class RateLimitedConnection(ServerConnection):
    """Reads are parsed some frames at a time, at a bounded rate."""

    admitted: Admitted | None = None

    _turn: int  # frames that may yet be parsed in this turn
    _stopped: bool  # the parser waits for another turn, perhaps with nothing left to parse
    _allowance: float
    _refilled: float
    _full: bool
    _eof: bool
    _reading: bool
    _pump: asyncio.Handle | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put ourselves between the transport and the library's parser and flow control."""
        self._turn = 0
        self._stopped = False
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
        reader = self.protocol.reader
        self._at_eof = reader.at_eof
        reader.at_eof = self._between_frames

    def let_in(self, admitted: Admitted) -> None:
        """Count the client as long as it is there: one that asked and hung up is gone already."""
        if self.connection_lost_waiter.done():
            admitted.leave()
        else:
            self.admitted = admitted

    def data_received(self, data: bytes) -> None:
        """Parse what this turn allows, and read no more until the rest is parsed."""
        now = self.loop.time()
        self._allowance += (now - self._refilled) * FRAMES_PER_SECOND
        self._allowance = min(self._allowance, BURST_FRAMES)
        self._refilled = now
        self._turn = FRAMES_PER_TURN if self._allowance > 0 else 0
        super().data_received(data)
        if self._stopped or self._full or not self._reading:
            self._schedule()

    def eof_received(self) -> bool | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Tell the library of the end only when it has seen everything before it.

        True, in asyncio's terms, keeps the transport open meanwhile.
        """
        self._eof = True
        if self._is_behind:
            return True
        super().eof_received()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """Parse nothing any more, and count for nothing."""
        if self.admitted is not None:
            self.admitted.leave()
        self.protocol.reader.discard()  # the library parses what is left there in one go
        if self._pump is not None:
            self._pump.cancel()
        super().connection_lost(exc)

    def process_event(self, event: Event) -> None:
        """Charge each frame, control frames too."""
        self._allowance -= 1
        super().process_event(event)

    def _between_frames(self) -> Generator[None, None, bool]:
        """Make the parser, which asks here before each frame, wait for its turn."""
        while (self._turn <= 0 or self._full) and not self.protocol.reader.eof:
            self._stopped = True
            yield
        self._stopped = False
        ended = yield from self._at_eof()
        self._turn -= 1
        return ended

    @property
    def _is_behind(self) -> bool:
        """Whether something was read that the parser has not been allowed to look at."""
        return self._stopped and len(self.protocol.reader.buffer) > 0

    def _hold(self) -> None:
        self._full = True

    def _release(self) -> None:
        self._full = False
        self._schedule()

    def _schedule(self) -> None:
        """Parse on as soon as it is allowed, or read on."""
        wanted = not self._is_behind and not self._full
        if wanted != self._reading and not self.transport.is_closing():
            self._reading = wanted
            change: Callable[[], None] = (
                self.transport.resume_reading if wanted else self.transport.pause_reading
            )
            change()
        if not self._is_behind or self._full or self._pump is not None:
            return
        if self._allowance > 0:
            self._pump = self.loop.call_soon(self._parse_on)
        else:
            wait = (1 - self._allowance) / FRAMES_PER_SECOND
            self._pump = self.loop.call_later(wait, self._parse_on)

    def _parse_on(self) -> None:
        self._pump = None
        self.data_received(b"")
        if self._eof and not self._is_behind:
            super().eof_received()
            if not self.transport.is_closing():
                self.transport.close()
