"""One client's socket: what it brings goes into a conversation, what that has to say goes out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from streamer.protocols.dialect import Action, Close, Dialect, Ending, Resumable, Resume
from streamer.runtime.logs import session_id
from streamer.server.admission.quotas import Peer
from streamer.server.connection.client_session import ClientSession, Service
from streamer.server.connection.idle_timeout import IdleTimeout
from streamer.server.connection.resumable import ResumableSessions

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
        self._talk = ClientSession(session_id, dialect, service, self._overflow, self._pace)
        self._over = False
        self._idle = False
        self._reader: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until the connection is closed, by whichever side."""
        session_id.set(self._talk.id)
        log.info("opened from %s, key %s", self._peer.address, self._peer.key)
        if self._sessions is not None:
            self._sessions.hold(self._talk, self._peer, self)
        self._reader = asyncio.create_task(self._read(), name=f"reader {self._talk.id}")
        self._writer = self._start_writer(())
        try:
            await asyncio.wait([self._reader])
        finally:
            broken = [await _ended(task) for task in (self._reader, self._writer)]
            # A session that a fault of ours has broken is not gone on with.
            self._let_go(self._talk, over=self._over or any(broken))
            log.info("closed", extra={"session": self._talk.id})
        for error in broken:
            if error is not None:
                raise error

    def go_away(self) -> None:
        """End the session because the server stops, finals first."""
        self._talk.end(Ending.GOING_AWAY)

    def abort(self) -> None:
        """Cut the connection without another word, and stop waiting for the engine."""
        self._ws.transport.abort()
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            await self._converse()
        except ConnectionClosed as closed:
            self._over = self._is_the_end(closed)
            log.debug("connection closed")

    def _is_the_end(self, closed: ConnectionClosed) -> bool:
        """Whether nobody will come back for the session."""
        if closed.rcvd is None:
            return False
        # A peer that takes part in the closing handshake has had what was sent before. One that
        # has said `stop` and then good-bye does not wait for what is still to be said.
        leaves = self._talk.stopped and closed.rcvd.code in FAREWELLS
        return leaves or self._talk.outbox.is_said

    async def _converse(self) -> None:
        await self._obey(self._talk.dialect.connected())
        if (grace_s := self._talk.dialect.grace_s) is not None:
            try:
                async with asyncio.timeout(grace_s):
                    message = await self._ws.recv()
            except TimeoutError:
                await self._obey(self._talk.dialect.waited())
            else:
                await self._obey(self._talk.dialect.received(message))
        with IdleTimeout(self._service.settings.idle_timeout_s, self._silent) as self._patience:
            while True:
                self._patience.start()
                message = await self._ws.recv()
                self._patience.stop()
                if self._idle:
                    await self._ws.wait_closed()
                else:
                    await self._obey(self._talk.dialect.received(message))

    def _silent(self) -> None:
        """Nothing has come for long: wait on, or end the session and hear no more of it."""
        if self._talk.waits_for_us:
            self._patience.start()
        else:
            self._idle = True
            self._talk.end(Ending.IDLE)

    async def _obey(self, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, Resume) and self._sessions is not None:
                await self._resume(action, self._sessions)
            else:
                await self._talk.carry_out((action,))

    async def _resume(self, wanted: Resume, sessions: ResumableSessions) -> None:
        """Go on with an earlier session in the stead of this one, or say that there is none."""
        talk = await sessions.claim(wanted.session, self._peer, self)
        missing = None if talk is None else talk.missing(wanted.last_seq)
        if talk is None or missing is None:
            if talk is not None:
                sessions.let_go(talk, over=False)
            await self._talk.carry_out(wanted.otherwise)
            return
        fresh, self._talk = self._talk, talk  # from here on `run` will let go of this one
        talk.overflow, talk.pace = self._overflow, self._pace
        self._let_go(fresh, over=True)
        log.info("goes on with session %s", talk.id)
        session_id.set(talk.id)
        assert self._writer is not None
        await _ended(self._writer)
        self._writer = self._start_writer(missing)
        if wanted.message is not None:
            await self._obey(talk.dialect.received(wanted.message))

    def _let_go(self, talk: ClientSession, *, over: bool) -> None:
        if self._sessions is not None:
            self._sessions.let_go(talk, over=over)
        else:
            talk.close()

    def _start_writer(self, missing: Sequence[str]) -> asyncio.Task[None]:
        writer = asyncio.create_task(
            self._write(self._talk, missing), name=f"writer {self._talk.id}"
        )
        writer.add_done_callback(self._writer_ended)
        return writer

    async def _write(self, talk: ClientSession, missing: Sequence[str]) -> None:
        """Send what the client lacks, then what the outbox holds; who does not read is dropped.

        A send that never ends would also keep the library from pinging and from closing.
        """
        try:
            with IdleTimeout(self._service.settings.send_timeout_s, self._stuck) as patience:
                for text in missing:
                    await self._send(text, patience)
                while not isinstance(item := await talk.outbox.get(), Close):
                    await self._send(talk.dialect.encode(item.message), patience)
                    self._service.metrics.events.labels(item.message.type).inc()
            talk.outbox.put(item)  # for another connection, should this one drop before
            async with asyncio.timeout(self._service.settings.send_timeout_s):
                await self._ws.close(item.code, item.reason)
        except TimeoutError:
            self._stuck()
        except ConnectionClosed:
            return

    async def _send(self, text: str, patience: IdleTimeout) -> None:
        patience.start()
        await self._ws.send(text)
        patience.stop()

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
        log.warning("client dropped: %s", why, extra={"session": self._talk.id})
        self._service.metrics.dropped.inc()
        self.abort()


async def _ended(task: asyncio.Task[None]) -> BaseException | None:
    """End a task; returns what it raised."""
    task.cancel()
    await asyncio.wait([task])
    return None if task.cancelled() else task.exception()
