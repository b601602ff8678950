"""One continuous transcript of a stream of audio, over as many connections as it takes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, AsyncIterable

from streamer.audio.encodings import Encoding
from streamer.client.connection import Resumed, Stream, StreamError, open_stream
from streamer.client.outgoing import Outgoing
from streamer.client.timeline import Timeline
from streamer.protocols.native.messages import (
    Configure,
    Done,
    Error,
    Flush,
    Flushed,
    Ready,
    ServerMessage,
    Stop,
)

KEPT_S = 300.0
"""Audio kept while it waits for its finals: more than a server takes before it makes us wait."""

SILENT_LINE_S = 20.0
"""A server acknowledges every second of audio: a line this silent while audio flows is dead."""

KEEPALIVE_S = 5.0

FIRST_WAIT_S = 0.3
LONGEST_WAIT_S = 8.0

PASSING = frozenset({"idle_timeout", "overloaded", "draining"})
"""Fatal errors after which a new session may go well."""


async def transcribe(
    audio: AsyncIterable[bytes | Flush | Configure],
    url: str,
    *,
    api_key: str | None = None,
    patience_s: float = 60.0,
    **settings: object,
) -> AsyncGenerator[ServerMessage]:
    """Send `audio` as it comes and yield what the server says, in the audio's own time.

    Bytes are in the encoding of the settings. Between them may stand `Flush` and `Configure`. When
    the connection drops the session is resumed; where the server does not know it any more, a new
    one hears the audio since the last `acknowledged` again, and goes on with times and utterances.
    Every `Ready` is yielded. Up to five minutes of audio are kept; then `audio` waits.

    Raises StreamError when the first connection fails, when the server refuses what is asked, or
    when it has not been reached for `patience_s`.
    """
    transcription = _Transcription(url, api_key, settings)
    feeding = asyncio.create_task(transcription.feed(audio), name="feed")
    try:
        failing: float | None = None
        attempt = 0
        while not transcription.done:
            try:
                async with contextlib.aclosing(transcription.connected()) as messages:
                    async for message in messages:
                        failing, attempt = None, 0
                        yield message
            except StreamError as error:
                if feeding.done():
                    feeding.result()
                now = time.monotonic()
                failing = now if failing is None else failing
                if now - failing > patience_s or not transcription.begun or not error.passing:
                    raise
                await asyncio.sleep(_wait_before(attempt))
                attempt += 1
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding


def _wait_before(attempt: int) -> float:
    """Double with each failure; by chance, so that not all clients come back in one moment."""
    full = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt)
    return full * random.uniform(0.5, 1.0)


class _Transcription:
    def __init__(self, url: str, api_key: str | None, settings: dict[str, object]) -> None:
        self.begun = False
        self.done = False
        self._url = url
        self._api_key = api_key
        self._settings = settings
        self._outgoing = Outgoing()
        self._timeline = Timeline()
        self._session: Resumed | None = None
        self._byte_rate = 0
        self._frame_bytes = 1
        self._language = ""
        self._origin = 0
        self._unanswered: float | None = None
        self._source_failed = False
        self._stream: Stream | None = None

    async def feed(self, audio: AsyncIterable[bytes | Flush | Configure]) -> None:
        """Take what the user sends; a source that fails ends the transcription."""
        try:
            async for one in audio:
                if isinstance(one, bytes):
                    await self._outgoing.put(one)
                else:
                    self._outgoing.order(one)
            self._outgoing.order(Stop())
        except Exception:
            self._source_failed = True
            if self._stream is not None:
                self._stream.abort()
            raise

    async def connected(self) -> AsyncGenerator[ServerMessage]:
        """Carry on over one connection; returns when all is done, or another is needed at once."""
        resume = self._session
        settings = self._settings | self._outgoing.changes
        opening = open_stream(self._url, api_key=self._api_key, resume=resume, **settings)
        async with opening as stream:
            self._stream = stream
            self.begun = True
            self._unanswered = None
            if self._source_failed:
                stream.abort()
            sending: asyncio.Task[None] | None = None
            try:
                while (message := await self._receive(stream)) is not None:
                    if isinstance(message, Error) and message.code == "unknown_session":
                        self._session = None
                        return
                    for told in self._heard(message):
                        yield told
                    if isinstance(message, Ready) and sending is None:
                        sending = asyncio.create_task(self._send(stream), name="send")
            finally:
                self._stream = None
                if sending is not None:
                    sending.cancel()
                    with contextlib.suppress(asyncio.CancelledError, StreamError):
                        await sending
        if not self.done:
            raise StreamError("the server has closed the connection", passing=True)

    async def _receive(self, stream: Stream) -> ServerMessage | None:
        while True:
            try:
                async with asyncio.timeout(KEEPALIVE_S):
                    message = await stream.receive()
            except TimeoutError:
                since = self._unanswered
                if since is not None and time.monotonic() - since > SILENT_LINE_S:
                    stream.abort()
            else:
                self._unanswered = None
                return message

    async def _send(self, stream: Stream) -> None:
        """Send what there is to send, and a sign of life where there is nothing."""
        told = time.monotonic()
        with contextlib.suppress(StreamError):  # the receiver tells
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KEEPALIVE_S):
                        one = await self._outgoing.next()
                        text = one if isinstance(one, bytes) else one.model_dump_json()
                        await stream.send(text)
                        if self._unanswered is None:
                            self._unanswered = time.monotonic()
                if time.monotonic() - told > KEEPALIVE_S and self._session is not None:
                    told = time.monotonic()
                    await stream.keepalive(self._session.last_seq)

    def _heard(self, message: ServerMessage) -> list[ServerMessage]:
        """Take a message; return what the user is told."""
        if isinstance(message, Ready) and not (message.resumed and self._session):
            self._begin(message)
        elif isinstance(message, Ready):
            assert message.audio_received is not None
            assert message.messages_received is not None
            received = round(message.audio_received * self._byte_rate)
            self._outgoing.resume(received, message.messages_received)
            return [message]
        elif isinstance(message, Error) and message.fatal:
            self._session = None
            if message.code not in PASSING:
                raise StreamError(_told(message))
            return []
        self._count(message)
        match message:
            case Done():
                return self._ended(message)
            case Flushed():
                self._outgoing.answered(Flush)
            case _:
                pass
        placed = self._timeline.place(message)
        self._settle()
        return [] if placed is None else [placed]

    def _begin(self, ready: Ready) -> None:
        """A new session; or the same with the settings of `start`, which came late."""
        settings = ready.settings
        self._language = settings["language"]
        encoding = Encoding(settings["encoding"])
        if encoding.is_compressed:
            raise StreamError("only samples can be sent on over connections: use `open_stream`")
        self._frame_bytes = encoding.sample_bytes * settings["channels"]
        self._byte_rate = self._frame_bytes * settings["sample_rate"]
        self._outgoing.limit = round(KEPT_S * self._byte_rate)
        if self._session is None or self._session.session != ready.session:
            self._origin = self._outgoing.begin()
            self._session = Resumed(ready.session, -1)
        self._timeline.begin(self._origin / self._byte_rate, settings["channels"])

    def _count(self, message: ServerMessage) -> None:
        """Hold the server to its numbers: none is left out, none comes twice."""
        assert self._session is not None, "a stream begins with ready"
        due = self._session.last_seq + 1
        if message.seq != due:
            raise StreamError(f"message {message.seq} came where {due} was due")
        self._session = Resumed(self._session.session, due)

    def _ended(self, done: Done) -> list[ServerMessage]:
        """All is said; or the server ends what the user does not: then a new session goes on."""
        self._session = None
        self._timeline.received_all(done.audio)
        self._settle()
        if not self._outgoing.stopping:
            return []
        self.done = True
        placed = self._timeline.place(done)
        assert placed is not None
        return [*self._timeline.owed(done.audio, self._language), placed]

    def _settle(self) -> None:
        frames = int(self._timeline.settled * self._byte_rate / self._frame_bytes + 1e-6)
        self._outgoing.settle(frames * self._frame_bytes)


def _told(error: Error) -> str:
    """Say what was refused, and what is accepted instead, where the server tells it."""
    accepted = error.accepted
    if accepted is None:
        return error.message
    known = accepted if isinstance(accepted, str) else ", ".join(map(str, accepted))
    return f"{error.message}; accepted: {known}"
