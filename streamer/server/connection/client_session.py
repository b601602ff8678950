"""One client's dialect and session, and what it has yet to be told; no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext

from streamer.pipeline.runner import SessionRunner
from streamer.protocols.dialect import (
    Action,
    Close,
    Dialect,
    KeepsTime,
    Open,
    Publish,
    Result,
    Resumable,
    Resume,
    Say,
    SessionEnd,
    Subscribe,
)
from streamer.server.admission.quotas import Peer
from streamer.server.connection.outbox import Outbox, OutboxFullError
from streamer.server.connection.service import Service
from streamer.server.connection.session_state import (
    ClientState,
    SessionEvent,
    SessionState,
    StreamState,
)
from streamer.server.connection.slices import SLICE_S
from streamer.server.connection.stream import OpenStream
from streamer.session.events import Done, Event
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.session.session import Session

Pace = Callable[[float], Awaitable[None]]
"""Waits until more audio may be read, told how many seconds were."""


class ClientSession:
    """Carries out what a dialect asks for, and tells it what the session says.

    Whoever carries the session sets two things: `overflow` is called when the client has left more
    unread than the outbox holds, and `pace`, if any, waits until more audio may be read.
    """

    def __init__(
        self,
        session_id: str,
        dialect: Dialect,
        service: Service,
        peer: Peer,
        overflow: Callable[[], None],
        pace: Pace | None,
    ) -> None:
        self.id = session_id
        self.dialect = dialect
        self._unsent = service.memory.holding()
        self.outbox = Outbox(weighed=self._unsent.hold)
        self.overflow = overflow
        self.pace = pace
        self.state = SessionState()
        self._service = service
        self._peer = peer
        self._stream: OpenStream | None = None
        self._received_bytes = 0
        self._topic: str | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._end = SessionEnd.STOPPED

    @property
    def opened(self) -> bool:
        """Whether there is a session."""
        return self._stream is not None

    @property
    def may_be_silent(self) -> bool:
        """Whether the client may well be silent, mostly since it waits for what it is owed."""
        stream = self._stream
        owed = stream is not None and stream.runner.owes
        has_no_sign_of_life = stream is not None and stream.opened.may_be_silent
        finishing = self.state.stopped and self.state.running
        return owed or finishing or has_no_sign_of_life or self._topic is not None

    async def carry_out_all(self, actions: Iterable[Action]) -> None:
        """Carry out one action after the other, as fast as finals are paid."""
        for action in actions:
            if (pending := self.carry_out(action)) is not None:
                await pending

    def carry_out(self, action: Action) -> Awaitable[None] | None:
        """Do what the dialect asks for; returns what has to be awaited before the next, if any."""
        match action:
            case Audio():
                return self.feed(action)
            case Configure() | Flush():
                self._open_stream.runner.handle(action)
            case Stop():
                self.state.process(SessionEvent.STOP)
                self._open_stream.runner.handle(action)
            case Open():
                return self._open_anew(action)
            case Resume():
                return self.carry_out_all(action.otherwise)
            case Subscribe():
                self._subscribe(action)
            case Say() | Close() | Publish():
                self._put(action)
        return None

    def feed(self, audio: Audio) -> Awaitable[None] | None:
        """Feed audio, in pieces small enough for the event loop; returns as `carry_out`."""
        stream = self._stream
        assert stream is not None, "a dialect opens the session before it uses it"
        size = len(audio.data)
        if size > stream.slice_bytes:
            return self._feed_slices(stream, audio.data)
        if not size:
            return None
        seconds = stream.feed(audio)
        self._received_bytes += size
        if self.pace is None and stream.runner.writable and stream.since_turn_s < SLICE_S:
            return None
        return self._wait(stream, seconds)

    def end(self, end: SessionEnd) -> None:
        """End the session for a reason of the server's own; finals first."""
        self._end = end
        running = self.state.running
        self.state.process(SessionEvent.END)
        if running:
            self._open_stream.runner.handle(Stop())
        else:
            self._tell_all(self.dialect.finished(Done(0, 0), end))

    def missing(self, last_seq: int | None) -> Sequence[str] | None:
        """Return what a client that is back has to be sent first, or None if that is not kept."""
        assert isinstance(self.dialect, Resumable)
        heard_s = 0.0 if self._stream is None else self._stream.runner.audio_s
        return self.dialect.resumed(last_seq, self._received_bytes, heard_s)

    def suspend(self) -> None:
        """The client's connection is gone: until it is back the session's time stands still."""
        if self._stream is not None:
            self._stream.hold()

    def go_on(self) -> None:
        """The client is back after a `suspend`."""
        if self._stream is not None:
            self._stream.go_on()

    def close(self) -> None:
        """Forget the session: nobody listens any more, unless its results leave another way."""
        if self._topic is not None:
            self._service.calls.unsubscribe(self._topic, self)
        if self._expiry is not None:
            self._expiry.cancel()
        self._unsent.close()
        stream = self._stream
        if stream is not None and stream.opened.outlives_client and self.state.running:
            self.state.process(SessionEvent.LEAVE)
            stream.runner.handle(Stop())
            return
        self.state.process(SessionEvent.CLOSE)
        if stream is not None:
            stream.close()
            self._stream = None  # its audio goes now, not when the collector finds all this

    def _subscribe(self, wish: Subscribe) -> None:
        self._topic = wish.topic
        self._service.calls.subscribe(wish.topic, self, self._put, stays=wish.stays)
        if wish.left_s is not None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(wish.left_s, self._put, Close(1008, "the link expired"))

    @property
    def _open_stream(self) -> OpenStream:
        assert self._stream is not None, "a dialect opens the session before it uses it"
        return self._stream

    def _open_anew(self, action: Open) -> Awaitable[None] | None:
        if action.concludes and self.state.running:
            return self._conclude(action)
        self._open(action)
        return None

    async def _conclude(self, action: Open) -> None:
        """Wait for the finals of a stream that another takes the place of; they come first.

        A client may change what no running stream can: its encoding, or who ends utterances.
        """
        stream = self._open_stream
        if self.state.allows(SessionEvent.CONCLUDE):
            self.state.process(SessionEvent.CONCLUDE)
            stream.runner.handle(Stop())
        await stream.finished.wait()
        self._open(action)

    def _open(self, action: Open) -> None:
        """Open a stream, unless the server has ended the session."""
        if not self.state.allows(SessionEvent.OPEN):
            return
        self.state.process(SessionEvent.OPEN)
        if self._stream is not None:
            self._stream.close()
        session = Session(self.id, action.settings, self._service.settings.min_speech_ms)
        observers = self._service.observers(session, self._peer)
        service = self._service
        runner = SessionRunner(
            session,
            service.dispatcher,
            self._emit,
            observers,
            judge=service.judge,
            detection=service.detection,
            memory=service.memory,
        )
        on_silence = self._tell_silence if isinstance(self.dialect, KeepsTime) else None
        self._stream = OpenStream(action, runner, service.ticker, on_silence)

    async def _feed_slices(self, stream: OpenStream, audio: bytes) -> None:
        for at in range(0, len(audio), stream.slice_bytes):
            pending = self.feed(Audio(audio[at : at + stream.slice_bytes]))
            if pending is not None:
                await pending

    async def _wait(self, stream: OpenStream, seconds: float) -> None:
        """Wait until more audio may follow so many seconds."""
        stream.hold()
        try:
            await stream.runner.wait_writable()
            if self.pace is not None:
                await self.pace(seconds)
            if stream.since_turn_s >= SLICE_S:
                stream.since_turn_s = 0.0  # messages that wait are received without a pause
                async with self._service.files if stream.is_ahead else nullcontext():
                    await asyncio.sleep(0)
        finally:
            stream.go_on()

    def _emit(self, event: Event) -> None:
        self._open_stream.follow(event)
        if not isinstance(event, Done):
            self._tell_all(self.dialect.happened(event))
            return
        stream = self._open_stream
        stream.finished.set()
        replaced = self.state.stream is StreamState.CONCLUDING
        self.state.process(SessionEvent.DONE)
        if self.state.client is ClientState.GONE:
            asyncio.get_running_loop().call_soon(stream.close)
        if not replaced:
            self._tell_all(self.dialect.finished(event, self._end))

    def _tell_silence(self, seconds: float) -> None:
        assert isinstance(self.dialect, KeepsTime)
        self._tell_all(self.dialect.silent(seconds))

    def _tell_all(self, results: Iterable[Result]) -> None:
        for result in results:
            self._put(result)

    def _put(self, result: Result) -> None:
        if isinstance(result, Publish):
            self._service.calls.publish(result)
            return
        try:
            self.outbox.put(result)
        except OutboxFullError:
            self.overflow()
