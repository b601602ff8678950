"""Vonage's WebSockets as a dialect: calls are heard here, and told elsewhere.

What would be sent back is played to the caller, so nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator

from streamer.audio.encodings import Encoding
from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.call_settings import call_settings
from streamer.protocols.dialect import Action, Close, Message, Open, Result, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.timeline import Timeline
from streamer.protocols.vonage import messages
from streamer.session import events
from streamer.session.inputs import Audio
from streamer.session.settings import InvalidSettingError

TRACK = "inbound"
"""What a WebSocket hears of its call: all of it, as one track."""


class VonageDialect:
    """One connection, which is one stream of a call; it has no end but that of the connection."""

    grace_s = None

    def __init__(self, host: Host, call: str | None) -> None:
        """`call` is the call's id, if the address tells it."""
        self._host = host
        self._call = call
        self._publisher: CallPublisher | None = None
        self._rate = 0
        self._bytes = 0  # of audio
        self._over = False

    def connected(self) -> Iterator[Action]:
        """Wait for the first message."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is never asked."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take a message; one that is not understood is passed over, since nobody could be told."""
        if self._over:
            return
        if isinstance(message, bytes):
            yield from self._hear(message)
            return
        match messages.parse(message):
            case messages.Connected() as parsed if self._publisher is None:
                yield from self._open(parsed)
            case messages.Dtmf() as parsed if self._publisher is not None:
                seconds = self._bytes / (Encoding.PCM_S16LE.sample_bytes * self._rate)
                yield self._publisher.pressed(parsed.digit, seconds)
            case _:
                pass

    def happened(self, event: events.Event) -> Iterator[Result]:
        """Publish what is said."""
        if self._publisher is not None:
            yield from self._publisher.happened(event)

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Result]:
        """Publish that no more will come, and why if the caller's side has not ended it."""
        self._over = True
        if self._publisher is not None:
            yield from self._publisher.finished(done, end, self._host.limits.idle_timeout_s)
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Write a message; none is ever said."""
        return message.model_dump_json(exclude_none=True)

    def _open(self, message: messages.Connected) -> Iterator[Action]:
        session = self._host.session
        call = self._call or message.call or session
        publisher = CallPublisher(call, session, session, [TRACK], Timeline())
        form = {"encoding": Encoding.PCM_S16LE, "sample_rate": message.rate}
        try:
            settings, denied = call_settings(self._host, form, message.headers)
        except InvalidSettingError as error:
            self._over = True
            problem = f"content-type: {message.content_type!r}; accepted: audio/l16;rate=16000"
            yield publisher.failed("invalid_setting", problem, last=True)
            yield Close(1008, f"invalid {error.setting}")
            return
        self._publisher, self._rate = publisher, settings.sample_rate
        yield Open(settings, outlives_client=True)
        yield publisher.started(settings.language, message.headers)
        for wish in denied:
            yield publisher.denied(wish)

    def _hear(self, samples: bytes) -> Iterator[Action]:
        if self._publisher is None:
            self._over = True
            yield Close(1002, "audio came before the first text message")
        elif samples:
            self._bytes += len(samples)
            yield Audio(samples)
