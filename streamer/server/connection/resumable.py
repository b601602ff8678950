"""The sessions that a client may come back to when its connection drops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from streamer.runtime.timers import AwakeTimer
from streamer.server.admission.quotas import Peer
from streamer.server.connection.client_session import ClientSession
from streamer.server.connection.suspended import SuspendedSessions
from streamer.server.metrics import Metrics
from streamer.settings import Settings

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """The connection that a session has now."""

    def abort(self) -> None:
        """Let go of the session at once; `ResumableSessions.let_go` follows."""
        ...


@dataclass(slots=True)
class _Held:
    session: ClientSession
    peer: Peer
    carrier: Carrier | None
    freed: asyncio.Event
    expiry: AwakeTimer | None = None


class ResumableSessions:
    """Each waits `resume_window_s` for its client, unless too many do (see `SuspendedSessions`)."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._window_s = settings.resume_window_s
        self._metrics = metrics
        self._held: dict[str, _Held] = {}
        self._waiting = SuspendedSessions(
            settings.max_sessions, settings.max_sessions_per_key, settings.max_sessions_per_address
        )
        self._on_empty: list[Callable[[], None]] = []

    @property
    def suspended(self) -> int:
        """How many sessions wait for their clients."""
        return len(self._waiting)

    def knows(self, session: str, peer: Peer) -> bool:
        """Whether a peer may come back to this session: from any address, with the same key."""
        held = self._held.get(session)
        return held is not None and held.peer.key == peer.key

    def hold(self, session: ClientSession, peer: Peer, carrier: Carrier) -> None:
        """A session that can be resumed begins."""
        if self._window_s > 0:
            self._held[session.id] = _Held(session, peer, carrier, asyncio.Event())

    async def claim(self, session: str, peer: Peer, carrier: Carrier) -> ClientSession | None:
        """Hand a session over to its client's new connection; None if there is none such.

        The old connection may not know yet that it is dead: it has to let go.
        """
        while self.knows(session, peer):
            held = self._held[session]
            if held.carrier is None:
                self._wake(held)
                held.session.outbox.allow_more()
                held.session.go_on()
                held.peer, held.carrier = peer, carrier
                held.freed.clear()
                self._metrics.resumed.inc()
                return held.session
            held.carrier.abort()
            await held.freed.wait()
        return None

    def let_go(self, session: ClientSession, *, over: bool) -> None:
        """A session's connection is gone; unless all is said, the client may come back."""
        held = self._held.get(session.id)
        if held is not None:
            held.carrier = None
            held.freed.set()
        if held is None or over or not session.opened:
            self._forget(session)
            return
        loop = asyncio.get_running_loop()
        session.outbox.allow_more()

        def overflow() -> None:
            loop.call_soon(self._expire, session)

        session.suspend()
        session.overflow = overflow
        held.expiry = AwakeTimer(self._window_s, lambda: self._expire(session), loop)
        gave_way = self._waiting.enter(session.id, held.peer)
        self._metrics.suspended.set(self.suspended)
        log.info("suspended for %g s", self._window_s, extra={"session": session.id})
        for session_id in gave_way:
            self._give_up(self._held[session_id].session)

    async def until_none_waits(self) -> None:
        """Wait until every suspended session has been resumed or has expired."""
        while self._waiting:
            empty = asyncio.Event()
            self._on_empty.append(empty.set)
            await empty.wait()

    def close(self) -> None:
        """Forget those that wait, and hold no more."""
        for session_id in self._waiting:
            self._forget(self._held[session_id].session)
        self._held.clear()

    def _expire(self, session: ClientSession) -> None:
        if session.id in self._waiting:
            self._give_up(session)

    def _give_up(self, session: ClientSession) -> None:
        log.info("its client has not come back", extra={"session": session.id})
        self._metrics.expired.inc()
        self._forget(session)

    def _forget(self, session: ClientSession) -> None:
        held = self._held.pop(session.id, None)
        if held is not None:
            self._wake(held)
        session.close()

    def _wake(self, held: _Held) -> None:
        if held.expiry is not None:
            held.expiry.cancel()
            held.expiry = None
        self._waiting.leave(held.session.id)
        self._metrics.suspended.set(self.suspended)
        if not self._waiting:
            on_empty, self._on_empty = self._on_empty, []
            for tell in on_empty:
                tell()
