"""One client's dialect and session, and what it has yet to be told; no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from streamer.dispatch.dispatcher import Dispatcher
from streamer.pipeline.runner import SessionObserver, SessionRunner
from streamer.protocols.dialect import (
    Action,
    Audio,
    Close,
    Configure,
    Dialect,
    Ending,
    Flush,
    Open,
    Publish,
    Result,
    Resumable,
    Resume,
    Say,
    Stop,
    Subscribe,
)
from streamer.recording.recorder import Recorder
from streamer.server.admission.quotas import Quotas
from streamer.server.calls import Calls
from streamer.server.connection.outbox import Outbox, OutboxFullError
from streamer.server.meter import SessionMeter
from streamer.server.metrics import Metrics
from streamer.session.events import Done, Event
from streamer.session.session import Session
from streamer.settings import Settings

SLICE_S = 1.05
"""Audio, over all channels, after which others get their turn of the event loop: a quarter of a
millisecond of work, and one where it is resampled. 64 KiB of float32 at 16 kHz are not cut."""


@dataclass(frozen=True, slots=True)
class Service:
    """What all clients of a server share."""

    settings: Settings
    dispatcher: Dispatcher
    metrics: Metrics
    quotas: Quotas
    recorder: Recorder | None = None
    calls: Calls = field(default_factory=Calls)

    def witnesses(self, session: Session) -> list[SessionObserver]:
        """Return who looks on at a session that begins."""
        meter = SessionMeter(session.settings, self.metrics)
        if self.recorder is None:
            return [meter]
        return [meter, self.recorder.record(session, self.dispatcher.info)]


class ClientSession:
    """Carries out what a dialect asks for, and tells it what the session says.

    Whoever carries the conversation sets two things: `overflow` is called when the client has left
    more unread than the outbox holds, and `pace` waits until more audio may be read, told how many
    seconds were.
    """

    def __init__(
        self,
        session_id: str,
        dialect: Dialect,
        service: Service,
        overflow: Callable[[], None],
        pace: Callable[[float], Awaitable[None]],
    ) -> None:
        self.id = session_id
        self.dialect = dialect
        self.outbox = Outbox()
        self._service = service
        self.overflow = overflow
        self.pace = pace
        self._bytes_heard = 0
        self._since_turn_s = 0.0  # audio fed since others last had their turn for sure
        self._live: SessionRunner | None = None
        self._outlives_client = False
        self._left = False  # the client has, and the session ends by itself
        self._may_be_silent = False
        self._listens_to: str | None = None
        self._stopped = False
        self._done = False
        self._replaced: asyncio.Event | None = None  # set when the stream before is done
        self._ending = Ending.STOPPED

    @property
    def opened(self) -> bool:
        """Whether the session has begun."""
        return self._live is not None

    @property
    def stopped(self) -> bool:
        """Whether the client has said that it sends no more audio."""
        return self._stopped

    @property
    def waits_for_us(self) -> bool:
        """Whether the client may well be silent, mostly since it waits for what it is owed."""
        owed = self._live is not None and self._live.owes
        listens = self._listens_to is not None or self._may_be_silent
        return owed or (self._stopped and not self._done) or listens

    async def carry_out(self, actions: Iterable[Action]) -> None:
        """Do what the dialect asks for, as fast as finals are paid."""
        for action in actions:
            match action:
                case Audio():
                    await self._hear(action.data)
                case Open():
                    if action.concludes:
                        await self._conclude()
                    if self._ending is Ending.STOPPED:
                        self._open(action)
                case Configure():
                    self._session.configure(action.settings)
                case Flush():
                    self._session.flush(action.id)
                case Stop():
                    self._stopped = True
                    self._session.stop()
                case Resume():
                    await self.carry_out(action.otherwise)
                case Subscribe():
                    self._listens_to = action.topic
                    self._service.calls.subscribe(action.topic, self, self._put)
                case Say() | Close() | Publish():
                    self._put(action)

    def end(self, ending: Ending) -> None:
        """End the session for a reason of the server's own; finals first."""
        self._ending = ending
        if self._live is None or self._done:
            self._tell(Done(0, 0))
        else:
            self._live.stop()

    def missing(self, last_seq: int | None) -> Sequence[str] | None:
        """Return what a client that is back has to be sent first, or None if that is not kept."""
        assert isinstance(self.dialect, Resumable)
        return self.dialect.resumed(last_seq, self._bytes_heard)

    def close(self) -> None:
        """Forget the session: nobody listens any more, unless its results leave another way."""
        if self._listens_to is not None:
            self._service.calls.unsubscribe(self._listens_to, self)
        if self._live is None:
            return
        if self._outlives_client and not self._done:
            self._left = True
            self._live.stop()
        else:
            self._live.close()
            self._live = None  # its audio goes now, not when the collector finds all this

    @property
    def _session(self) -> SessionRunner:
        assert self._live is not None, "a dialect opens the session before it uses it"
        return self._live

    async def _conclude(self) -> None:
        """Wait for the finals of a stream that another takes the place of; they come first.

        A client may change what no running stream can: its encoding, or who ends utterances.
        """
        if self._live is None or self._done:
            return
        self._replaced = asyncio.Event()
        self._live.stop()
        await self._replaced.wait()
        self._replaced = None

    def _open(self, action: Open) -> None:
        self.close()
        self._outlives_client = action.outlives_client
        self._may_be_silent = action.may_be_silent
        self._stopped = self._done = False
        session = Session(self.id, action.settings, self._service.settings.min_speech_ms)
        witnesses = self._service.witnesses(session)
        self._live = SessionRunner(session, self._service.dispatcher, self._tell, witnesses)

    async def _hear(self, audio: bytes) -> None:
        """Feed audio in pieces small enough for the event loop."""
        live = self._session
        second = live.settings.encoding.sample_bytes * live.settings.sample_rate
        self._service.metrics.audio.inc(len(audio) / second)
        slice_bytes = int(SLICE_S * second)
        for at in range(0, len(audio), slice_bytes):
            piece = audio[at : at + slice_bytes]
            live.feed(piece)
            self._bytes_heard += len(piece)
            await live.room()
            await self.pace(len(piece) / second)
            self._since_turn_s += len(piece) / second
            if self._since_turn_s >= SLICE_S:  # messages that wait are received without a pause
                self._since_turn_s = 0.0
                await asyncio.sleep(0)

    def _tell(self, event: Event) -> None:
        if isinstance(event, Done):
            self._done = True
            if self._left and self._live is not None:
                asyncio.get_running_loop().call_soon(self._live.close)
        if isinstance(event, Done) and self._replaced is not None:
            self._replaced.set()
            if self._ending is Ending.STOPPED:
                return
        replies = (
            self.dialect.finished(event, self._ending)
            if isinstance(event, Done)
            else self.dialect.happened(event)
        )
        for reply in replies:
            self._put(reply)

    def _put(self, reply: Result) -> None:
        if isinstance(reply, Publish):
            self._service.calls.publish(reply)
            return
        try:
            self.outbox.put(reply)
        except OutboxFullError:
            self.overflow()
