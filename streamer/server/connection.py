"""One WebSocket: what it brings goes into a conversation, what that has to say goes out."""

from __future__ import annotations

import asyncio
import logging

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from streamer.server.conversation import Conversation, Service
from streamer.wire.dialect import Close, Dialect, Ending

log = logging.getLogger(__name__)


class Connection:
    """Carries one WebSocket through its dialect."""

    def __init__(
        self, ws: ServerConnection, session_id: str, dialect: Dialect, service: Service
    ) -> None:
        self._ws = ws
        self._service = service
        self._dialect = dialect
        self._talk = Conversation(session_id, dialect, service, self._overflow)

    async def run(self) -> None:
        """Serve until the connection is closed, by whichever side."""
        writer = asyncio.create_task(self._write(), name=f"writer {self._talk.id}")
        writer.add_done_callback(self._writer_ended)
        try:
            await self._read()
        except ConnectionClosed:
            log.debug("session %s: connection closed", self._talk.id)
        finally:
            self._talk.close()
            writer.cancel()
            await asyncio.wait([writer])
        if not writer.cancelled() and (error := writer.exception()) is not None:
            raise error

    def go_away(self) -> None:
        """End the session because the server stops, finals first."""
        self._talk.end(Ending.GOING_AWAY)

    def abort(self) -> None:
        """Cut the connection without another word, and stop waiting for the engine."""
        self._talk.close()
        self._ws.transport.abort()

    async def _read(self) -> None:
        await self._talk.carry_out(self._dialect.connected())
        if (grace_s := self._dialect.grace_s) is not None:
            try:
                message = await self._receive(grace_s)
            except TimeoutError:
                await self._talk.carry_out(self._dialect.waited())
            else:
                await self._talk.carry_out(self._dialect.received(message))
        while True:
            try:
                message = await self._receive(self._service.settings.idle_timeout_s)
            except TimeoutError:
                if self._talk.waits_for_us:
                    continue
                self._talk.end(Ending.IDLE)
                await self._ws.wait_closed()
                return
            await self._talk.carry_out(self._dialect.received(message))

    async def _receive(self, timeout_s: float) -> str | bytes:
        async with asyncio.timeout(timeout_s):
            return await self._ws.recv()

    async def _write(self) -> None:
        """Send what the outbox holds; a client that does not read is dropped.

        A send that never ends would also keep the library from pinging and from closing.
        """
        while True:
            item = await self._talk.outbox.get()
            try:
                async with asyncio.timeout(self._service.settings.send_timeout_s):
                    if isinstance(item, Close):
                        await self._ws.close(item.code, item.reason)
                        return
                    await self._ws.send(self._dialect.encode(item.message))
            except TimeoutError:
                self._drop("a send timed out")
                return
            except ConnectionClosed:
                return
            self._service.metrics.events.labels(item.message.type).inc()

    def _writer_ended(self, writer: asyncio.Task[None]) -> None:
        """Without a writer there is nobody to serve; `run` raises what ended it."""
        if not writer.cancelled() and writer.exception() is not None:
            self.abort()

    def _overflow(self) -> None:
        self._drop("its messages are not taken")

    def _drop(self, why: str) -> None:
        if self._ws.transport.is_closing():
            return
        log.warning("session %s: client dropped: %s", self._talk.id, why)
        self._service.metrics.dropped.inc()
        self.abort()
