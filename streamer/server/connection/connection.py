"""One client's socket: what it brings goes into its session, what that has to say goes out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from streamer.protocols.dialect import (
    Action,
    Close,
    Dialect,
    NeverSentError,
    Resumable,
    Resume,
    SessionEnd,
)
from streamer.runtime.logs import session_id
from streamer.runtime.timers import awake_timeout
from streamer.server.admission.quotas import Peer
from streamer.server.connection.client_session import ClientSession
from streamer.server.connection.idle_timeout import IdleTimeout
from streamer.server.connection.resumable import ResumableSessions
from streamer.server.connection.service import Service
from streamer.session.inputs import Audio

log = logging.getLogger(__name__)

FAREWELLS = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY)
"""What a client closes with that means to. A browser's `close()` without a code is none of these,
nor is a line that broke: those may come back."""


class Socket(Protocol):
    """A WebSocket, or what behaves like one; all but `wait_closed` raise ConnectionClosed."""

    @property
    def transport(self) -> asyncio.WriteTransport:
        """What can be cut."""
        ...

    async def recv(self) -> str | bytes:
        """Wait for the next message."""
        ...

    async def send(self, message: str) -> None:
        """Send a message; waits while the peer does not read."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close in good order."""
        ...

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        ...


class Connection:
    """Carries one socket through its dialect.

    With `sessions` and a dialect that can, a client may come back to what a dropped connection of
    the same holder of an API key has left.
    """

    def __init__(
        self,
        ws: Socket,
        session_id: str,
        dialect: Dialect,
        service: Service,
        peer: Peer,
        sessions: ResumableSessions | None = None,
    ) -> None:
        self._ws = ws
        self._service = service
        self._sessions = sessions if isinstance(dialect, Resumable) else None
        self._peer = peer
        pace = self._pace if service.quotas.paced else None
        self._session = ClientSession(session_id, dialect, service, peer, self._overflow, pace)
        self._over = False
        self._idle = False
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until the connection is closed, by whichever side."""
        session_id.set(self._session.id)
        log.info("opened from %s, key %s", self._peer.address, self._peer.key)
        if self._sessions is not None:
            self._sessions.hold(self._session, self._peer, self)
        self._reader = asyncio.create_task(self._read(), name=f"reader {self._session.id}")
        self._writer = self._start_writer(())
        try:
            await asyncio.wait([self._reader])
        finally:
            broken = [await _ended(task) for task in (self._reader, self._writer)]
            # A session that a fault of ours has broken is not gone on with.
            self._let_go(self._session, over=self._over or any(broken))
            log.info("closed", extra={"session": self._session.id})
        for error in broken:
            if error is not None:
                raise error

    def go_away(self) -> None:
        """End the session because the server stops, finals first."""
        self._session.end(SessionEnd.GOING_AWAY)

    def abort(self) -> None:
        """Cut the connection without another word, and stop waiting for the engine."""
        self._ws.transport.abort()
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        """Receive for as long as there is a socket.

        One coroutine, with little between the socket and the session: it runs for every 20 ms of
        every client, and each that it would wait in is entered again at every message.
        """
        try:
            await self._greet()
            settings = self._service.settings
            with IdleTimeout(settings.idle_timeout_s, self._on_silence) as self._idle_timeout:
                start, stop = self._idle_timeout.start, self._idle_timeout.stop
                while True:
                    start()
                    message = await self._ws.recv()
                    stop()
                    if self._idle:
                        await self._ws.wait_closed()
                        continue
                    for action in self._session.dialect.received(message):
                        if isinstance(action, Audio):
                            pending = self._session.feed(action)
                        else:
                            pending = self._begin(action)
                        if pending is not None:
                            await pending
        except ConnectionClosed as closed:
            self._over = self._is_the_end(closed)
            log.debug("connection closed")

    async def _greet(self) -> None:
        await self._carry_out(self._session.dialect.connected())
        if (grace_s := self._session.dialect.grace_s) is None:
            return
        try:
            async with asyncio.timeout(grace_s):
                message = await self._ws.recv()
        except TimeoutError:
            await self._carry_out(self._session.dialect.waited())
        else:
            await self._carry_out(self._session.dialect.received(message))

    def _is_the_end(self, closed: ConnectionClosed) -> bool:
        """Whether nobody will come back for the session."""
        if closed.rcvd is None:
            return False
        # A peer that takes part in the closing handshake has had what was sent before. One that
        # has said `stop` and then good-bye does not wait for what is still to be said.
        leaves = self._session.state.stopped and closed.rcvd.code in FAREWELLS
        return leaves or self._session.outbox.is_said

    def _on_silence(self) -> None:
        """Nothing has come for long: wait on, or end the session and hear no more of it."""
        if self._session.may_be_silent:
            self._idle_timeout.start()
        else:
            self._idle = True
            self._session.end(SessionEnd.IDLE)

    async def _carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if (pending := self._begin(action)) is not None:
                await pending

    def _begin(self, action: Action) -> Awaitable[None] | None:
        """Carry out an action; returns what has to be awaited before the next, if any."""
        if self._sessions is not None and isinstance(action, Resume):
            return self._resume(action, self._sessions)
        return self._session.carry_out(action)

    async def _resume(self, wanted: Resume, sessions: ResumableSessions) -> None:
        """Go on with an earlier session in the stead of this one, or say that there is none."""
        session = await sessions.claim(wanted.session, self._peer, self)
        missing, instead = None, wanted.otherwise
        if session is not None:
            try:
                missing = session.missing(wanted.last_seq)
            except NeverSentError:
                instead = wanted.unsent
        if session is None or missing is None:
            if session is not None:
                sessions.let_go(session, over=False)
            await self._session.carry_out_all(instead)
            return
        fresh, self._session = self._session, session  # from here on `run` will let go of this one
        session.overflow, session.pace = self._overflow, fresh.pace
        self._let_go(fresh, over=True)
        log.info("goes on with session %s", session.id)
        session_id.set(session.id)
        assert self._writer is not None
        await _ended(self._writer)
        self._writer = self._start_writer(missing)
        if wanted.message is not None:
            await self._carry_out(session.dialect.received(wanted.message))

    def _let_go(self, session: ClientSession, *, over: bool) -> None:
        if self._sessions is not None:
            self._sessions.let_go(session, over=over)
        else:
            session.close()

    def _start_writer(self, missing: Sequence[str]) -> asyncio.Task[None]:
        writer = asyncio.create_task(
            self._write(self._session, missing), name=f"writer {self._session.id}"
        )
        writer.add_done_callback(self._writer_ended)
        return writer

    async def _write(self, session: ClientSession, missing: Sequence[str]) -> None:
        """Send what the client lacks, then what the outbox holds; who does not read is dropped.

        A send that never ends would also keep the library from pinging and from closing.
        """
        try:
            with IdleTimeout(self._service.settings.send_timeout_s, self._stuck) as stall:
                for text in missing:
                    await self._send(text, stall)
                while not isinstance(item := await session.outbox.get(), Close):
                    await self._send(session.dialect.encode(item.message), stall)
                    self._service.metrics.events.labels(item.message.type).inc()
            session.outbox.put(item)  # for another connection, should this one drop before
            async with awake_timeout(self._service.settings.send_timeout_s):
                await self._ws.close(item.code, item.reason)
        except TimeoutError:
            self._stuck()
        except ConnectionClosed:
            return

    async def _send(self, text: str, stall: IdleTimeout) -> None:
        stall.start()
        await self._ws.send(text)
        stall.stop()

    def _stuck(self) -> None:
        self._drop("a send timed out")

    def _writer_ended(self, writer: asyncio.Task[None]) -> None:
        """Without a writer there is nobody to serve; `run` raises what ended it."""
        if not writer.cancelled() and writer.exception() is not None:
            self.abort()

    async def _pace(self, seconds: float) -> None:
        await self._service.quotas.pace(self._peer, seconds)

    def _overflow(self) -> None:
        self._drop("its messages are not taken")

    def _drop(self, why: str) -> None:
        if self._ws.transport.is_closing():
            return
        log.warning("client dropped: %s", why, extra={"session": self._session.id})
        self._service.metrics.dropped.inc()
        self.abort()


async def _ended(task: asyncio.Task[None]) -> BaseException | None:
    """End a task; returns what it raised."""
    task.cancel()
    await asyncio.wait([task])
    return None if task.cancelled() else task.exception()
