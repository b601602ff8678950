"""One client of the native protocol: its reader, its writer, and the session between them."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from streamer.engine.base import SAMPLE_RATE
from streamer.live import LiveSession
from streamer.scheduler.scheduler import Scheduler
from streamer.server.metrics import Metrics
from streamer.server.outbox import Farewell, Outbox, OutboxFullError
from streamer.session.events import Done, Event, Final, SpeechEnded
from streamer.session.session import Session
from streamer.session.settings import (
    InvalidSettingError,
    StreamSettings,
    parse_changes,
    parse_settings,
)
from streamer.settings import Settings
from streamer.wire.native import adapter
from streamer.wire.native.adapter import InvalidMessageError
from streamer.wire.native.messages import (
    Configure,
    Error,
    Flush,
    Keepalive,
    Limits,
    Ready,
    ServerMessage,
    Start,
    Stop,
)

log = logging.getLogger(__name__)

READY_GRACE_S = 0.2
"""A `start` that comes this soon is answered by one `ready`; after it, `ready` has been sent with
the query's settings and is sent again."""

SLICE_BYTES = 8192
"""Audio fed in one turn of the event loop: at most a second, some two milliseconds of work."""


@dataclass(frozen=True, slots=True)
class Service:
    """What all connections of a server share."""

    settings: Settings
    scheduler: Scheduler
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class _Ending:
    """How the connection ends once every final has been sent."""

    farewell: Farewell
    error: Error | None = None


class NativeConnection:
    """Carries one WebSocket through the native protocol."""

    def __init__(self, ws: ServerConnection, query: Mapping[str, str], service: Service) -> None:
        self._ws = ws
        self._query = query
        self._service = service
        self._info = service.scheduler.info
        self._id = secrets.token_urlsafe(12)
        self._outbox = Outbox()
        self._seq = 0
        self._live: LiveSession | None = None
        self._heard_audio = False
        self._started = False
        self._stopped = False
        self._ending = _Ending(Farewell(1000))
        self._ended_at: dict[tuple[int, int], float] = {}

    async def run(self) -> None:
        """Serve until the connection is closed, by whichever side."""
        writer = asyncio.create_task(self._write(), name=f"writer {self._id}")
        writer.add_done_callback(self._writer_ended)
        try:
            await self._read()
        except ConnectionClosed:
            log.debug("session %s: connection closed", self._id)
        finally:
            if self._live is not None:
                self._live.close()
            writer.cancel()
            await asyncio.wait([writer])
        if not writer.cancelled() and (error := writer.exception()) is not None:
            raise error

    def go_away(self) -> None:
        """End the session because the server stops: finals first, then close 1012."""
        self._end(_Ending(Farewell(1012, "the server is going away")))

    def abort(self) -> None:
        """Cut the connection without another word, and stop waiting for the engine."""
        if self._live is not None:
            self._live.close()
        self._ws.transport.abort()

    async def _read(self) -> None:
        message = await self._first_message()
        if not isinstance(message, str) or not self._opens(message):
            self._open({})
            await self._take(message)
        while True:
            try:
                async with asyncio.timeout(self._service.settings.idle_timeout_s):
                    message = await self._ws.recv()
            except TimeoutError:
                if self._waits_for_us():
                    continue
                self._end_idle()
                await self._ws.wait_closed()
                return
            await self._take(message)

    def _waits_for_us(self) -> bool:
        """Whether the client is silent because it waits for what it is owed."""
        return self._stopped or (self._live is not None and self._live.owes)

    async def _first_message(self) -> str | bytes | None:
        """The first message, or None if it is not there soon."""
        try:
            async with asyncio.timeout(READY_GRACE_S):
                return await self._ws.recv()
        except TimeoutError:
            return None

    def _opens(self, text: str) -> bool:
        """Whether this text frame is a `start`; if so, open the session with it."""
        try:
            message = adapter.parse_client_message(text)
        except InvalidMessageError:
            return False
        if not isinstance(message, Start):
            return False
        self._started = True
        self._open(message.model_extra or {})
        return True

    def _open(self, start: Mapping[str, Any]) -> None:
        """Open the session with the settings of the query and of `start`, which wins."""
        try:
            settings = parse_settings({**self._query, **start}, self._info.languages)
        except InvalidSettingError as error:
            self._put(adapter.invalid_setting(error, fatal=True))
            self._put(Farewell(1008, "invalid setting"))
            return
        longest = min(settings.max_utterance_s, self._info.max_seconds)
        settings = settings.model_copy(update={"max_utterance_s": longest})
        session = Session(self._id, settings, self._service.settings.min_speech_ms)
        self._live = LiveSession(session, self._service.scheduler, self._emit)
        self._put(self._ready(settings))

    async def _take(self, message: str | bytes | None) -> None:
        if self._live is None or message is None:
            return  # refused: the farewell is on its way
        if isinstance(message, bytes):
            await self._hear(self._live, message)
            return
        try:
            self._obey(self._live, message)
        except InvalidMessageError as error:
            self._put(adapter.invalid_message(error))
        except InvalidSettingError as error:
            self._put(adapter.invalid_setting(error, fatal=False))

    async def _hear(self, live: LiveSession, audio: bytes) -> None:
        """Feed audio in pieces small enough for the event loop, as fast as finals are paid."""
        self._heard_audio = True
        encoding = live.settings.encoding
        seconds = len(audio) / encoding.sample_bytes / live.settings.sample_rate
        self._service.metrics.audio.inc(seconds)
        for at in range(0, len(audio), SLICE_BYTES):
            if at:
                await asyncio.sleep(0)
            live.feed(audio[at : at + SLICE_BYTES])
            await live.room()

    def _obey(self, live: LiveSession, text: str) -> None:
        match message := adapter.parse_client_message(text):
            case Start():
                self._start_late(message)
            case Configure():
                changes = message.model_extra or {}
                live.configure(parse_changes(live.settings, changes, self._info.languages))
            case Flush():
                live.flush(message.id)
            case Stop():
                self._stopped = True
                live.stop()
            case Keepalive():
                pass

    def _start_late(self, message: Start) -> None:
        if self._started or self._heard_audio:
            raise InvalidMessageError("start comes once, before the first audio")
        self._started = True
        self._open(message.model_extra or {})

    def _emit(self, event: Event) -> None:
        match event:
            case SpeechEnded():
                self._ended_at[event.channel, event.utterance] = time.monotonic()
            case Final():
                ended = self._ended_at.pop((event.channel, event.utterance))
                self._service.metrics.final_wait.observe(time.monotonic() - ended)
            case _:
                pass
        if isinstance(event, Done):
            self._put(self._ending.error or adapter.message_of(event))
            self._put(self._ending.farewell)
        else:
            self._put(adapter.message_of(event))

    def _end_idle(self) -> None:
        limit = self._service.settings.idle_timeout_s
        message = f"nothing was received for {limit:g} seconds"
        error = Error(code="idle_timeout", message=message, fatal=True)
        self._end(_Ending(Farewell(1008, "idle timeout"), error))

    def _end(self, ending: _Ending) -> None:
        self._ending = ending
        if self._live is None:
            self._put(ending.farewell)
        else:
            self._live.stop()

    def _put(self, item: ServerMessage | Farewell) -> None:
        try:
            self._outbox.put(item)
        except OutboxFullError:
            self._drop("its messages are not taken")

    async def _write(self) -> None:
        """Send what the outbox holds; a client that does not read is dropped.

        A send that never ends would also keep the library from pinging and from closing.
        """
        while True:
            item = await self._outbox.get()
            try:
                async with asyncio.timeout(self._service.settings.send_timeout_s):
                    if isinstance(item, Farewell):
                        await self._ws.close(item.code, item.reason)
                        return
                    await self._ws.send(self._numbered(item))
            except TimeoutError:
                self._drop("a send timed out")
                return
            except ConnectionClosed:
                return
            self._service.metrics.events.labels(item.type).inc()

    def _writer_ended(self, writer: asyncio.Task[None]) -> None:
        """Without a writer there is nobody to serve; `run` raises what ended it."""
        if not writer.cancelled() and writer.exception() is not None:
            self.abort()

    def _numbered(self, message: ServerMessage) -> str:
        """Number a message as it is sent: those replaced while waiting leave no gap."""
        numbered = message.model_copy(update={"seq": self._seq})
        self._seq += 1
        return numbered.model_dump_json(exclude_none=True)

    def _drop(self, why: str) -> None:
        if self._ws.transport.is_closing():
            return
        log.warning("session %s: client dropped: %s", self._id, why)
        self._service.metrics.dropped.inc()
        self.abort()

    def _ready(self, settings: StreamSettings) -> Ready:
        return Ready(
            session=self._id,
            model=self._info.name,
            demonstration=self._info.demonstration,
            provider=self._info.provider,
            languages=list(self._info.languages),
            sample_rate=SAMPLE_RATE,
            settings=settings.model_dump(mode="json"),
            limits=Limits(
                max_frame_bytes=self._service.settings.max_frame_bytes,
                max_utterance_s=self._info.max_seconds,
                idle_timeout_s=self._service.settings.idle_timeout_s,
            ),
        )
