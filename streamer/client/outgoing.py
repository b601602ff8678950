"""What a user sends, for as long as a server may have to be sent it, or be sent it again."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from streamer.protocols.native.messages import Configure, Flush, Stop

Order = Configure | Flush | Stop
"""What a user may send beside audio."""

FIRST_BYTES = 262_144
"""Kept before the server has said how much a second is."""

PIECE_BYTES = 65_536
"""Sent in one frame; servers have a limit."""


@dataclass(slots=True)
class _Audio:
    """Bytes from position `at` of the user's audio."""

    at: int
    data: bytes

    @property
    def end(self) -> int:
        return self.at + len(self.data)


@dataclass(slots=True)
class _Ordered:
    """An order, and the how manieth of its session it was, if it has been sent there."""

    order: Order
    serial: int | None = None


class Outgoing:
    """Audio and orders from the first that is not settled. Positions are bytes of audio.

    Audio is taken while fewer than `limit` bytes wait to be settled. `changes` are the settings of
    orders that are forgotten: a new session begins with them.
    """

    def __init__(self) -> None:
        self.limit = FIRST_BYTES
        self.changes: dict[str, object] = {}
        self._kept: deque[_Audio | _Ordered] = deque()
        self._next = 0  # the first of them that the present session has not been sent
        self._end = 0
        self._settled = 0
        self._origin = 0  # where the session begins
        self._orders = 0  # orders that the session has been sent
        self._more = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def all_sent(self) -> bool:
        """Whether the session has been sent all that there is by now."""
        return self._next == len(self._kept)

    @property
    def stopping(self) -> bool:
        """Whether the session has been sent everything to the last order."""
        orders = (one.order for one in self._kept if isinstance(one, _Ordered))
        return self.all_sent and any(isinstance(order, Stop) for order in orders)

    async def put(self, data: bytes) -> None:
        """Take the next audio, once there is room."""
        while self._end - self._settled >= self.limit:
            self._room.clear()
            await self._room.wait()
        for at in range(0, len(data), PIECE_BYTES):
            piece = _Audio(self._end, data[at : at + PIECE_BYTES])
            self._kept.append(piece)
            self._end = piece.end
            self._more.set()

    def order(self, order: Order) -> None:
        """Take an order; it is sent behind all the audio before it."""
        self._kept.append(_Ordered(order))
        self._more.set()

    async def next(self) -> bytes | Order:
        """Wait for what the session is to be sent next."""
        while self._next == len(self._kept):
            self._more.clear()
            await self._more.wait()
        one = self._kept[self._next]
        self._next += 1
        if isinstance(one, _Audio):
            return one.data
        one.serial = self._orders
        self._orders += 1
        return one.order

    def settle(self, at: int) -> None:
        """Forget audio before this position: it will not be asked for again."""
        self._settled = max(self._settled, min(at, self._end))
        self._room.set()
        while self._kept and self._is_past(self._kept[0]):
            one = self._kept[0]
            if isinstance(one, _Ordered):
                self.changes |= one.order.model_extra or {}
            self._drop(0)

    def _is_past(self, one: _Audio | _Ordered) -> bool:
        if isinstance(one, _Audio):
            return one.end <= self._settled
        return isinstance(one.order, Configure) and one.serial is not None  # others are answered

    def answered(self, kind: type[Order]) -> None:
        """The first order of this kind has been carried out."""
        for index, one in enumerate(self._kept):
            if isinstance(one, _Ordered) and isinstance(one.order, kind):
                self._drop(index)
                return

    def begin(self) -> int:
        """Send to a new session whatever is not settled; return the position that it begins at."""
        if self._kept and isinstance(first := self._kept[0], _Audio) and first.at < self._settled:
            self._split(0, self._settled)
            self._drop(0)
        audio = (one.at for one in self._kept if isinstance(one, _Audio))
        self._origin = next(audio, self._end)
        self._next = self._orders = 0
        for one in self._kept:
            if isinstance(one, _Ordered):
                one.serial = None
        self._more.set()
        return self._origin

    def resume(self, received: int, orders: int) -> None:
        """Go on in the same session, behind so many bytes and so many orders that it has got."""
        self._next, self._orders = 0, orders
        until = self._origin + received
        for index, one in enumerate(self._kept):
            if isinstance(one, _Ordered):
                known = one.serial is not None and one.serial < orders
            else:
                known = one.end <= until
                if one.at < until < one.end:
                    self._split(index, until)
                    self._next = index + 1
                    break
            if not known:
                break
            self._next = index + 1
        self._more.set()

    def _split(self, index: int, at: int) -> None:
        one = self._kept[index]
        assert isinstance(one, _Audio)
        cut = at - one.at
        self._kept[index] = _Audio(one.at, one.data[:cut])
        self._kept.insert(index + 1, _Audio(at, one.data[cut:]))

    def _drop(self, index: int) -> None:
        del self._kept[index]
        self._next -= index < self._next
