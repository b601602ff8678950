"""AudioSocket as a dialect: calls are heard here, and told elsewhere, under their UUID.

What would be sent back is played to the caller, so nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from streamer.audio.encodings import Encoding
from streamer.audio.pcm import PcmConverter, PcmFormat
from streamer.protocols.audiosocket.parser import RATES, Frame, FrameParser, Kind
from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.dialect import Action, Close, Message, Open, Result, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.timeline import Timeline
from streamer.session import events
from streamer.session.inputs import Audio, Stop
from streamer.speech.clip import SAMPLE_RATE

HANDSHAKE_S = 5.0
"""Asterisk says whose call it is as soon as it is connected. Who says nothing loses the place."""

TRACK = "inbound"
"""Asterisk sends what it hears from the channel, as one track."""

_CALLER_HUNG_UP = b"\x01"
"""The error code that is none."""


class AudioSocketDialect:
    """One connection, which is one stream of a call; several may be of the same call."""

    grace_s = HANDSHAKE_S

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = FrameParser()
        self._publisher: CallPublisher | None = None
        self._converter: PcmConverter | None = None
        self._rate = 0
        self._samples = 0  # given to the session
        self._over = False

    def connected(self) -> Iterator[Action]:
        """Wait for the UUID."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Wait no longer."""
        yield from self._refuse("no UUID came")

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take some bytes; none at all are the end."""
        data = message.encode() if isinstance(message, str) else message
        if not data:
            yield from self._stop()
        for frame in self._parser.feed(data):
            if self._over:
                return
            if self._publisher is None:
                yield from self._begin(frame)
            else:
                yield from self._take(frame, self._publisher)

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

    def _begin(self, frame: Frame) -> Iterator[Action]:
        if frame.kind != Kind.UUID or len(frame.payload) != 16:
            yield from self._refuse("the first frame is no UUID")
            return
        session = self._host.session
        call = str(UUID(bytes=frame.payload))
        publisher = CallPublisher(call, session, session, [TRACK], Timeline())
        self._publisher = publisher
        settings = self._host.stream_settings(
            {"encoding": Encoding.PCM_F32LE, "sample_rate": SAMPLE_RATE}
        )
        yield Open(settings, outlives_client=True)
        yield publisher.started(settings.language, {})

    def _take(self, frame: Frame, publisher: CallPublisher) -> Iterator[Action]:
        if (rate := RATES.get(frame.kind)) is not None:
            yield from self._hear(rate, frame.payload)
            return
        match frame.kind:
            case Kind.HANG_UP:
                yield from self._stop()
            case Kind.DTMF if len(frame.payload) == 1 and frame.payload.isascii():
                yield publisher.pressed(frame.payload.decode(), self._samples / SAMPLE_RATE)
            case Kind.ERROR:
                if frame.payload not in (b"", _CALLER_HUNG_UP):
                    told = f"Asterisk's error 0x{frame.payload[:8].hex()}"
                    yield publisher.failed("caller_failed", told)
                yield from self._stop()
            case _:
                pass

    def _hear(self, rate: int, samples: bytes) -> Iterator[Action]:
        if self._converter is None or rate != self._rate:
            yield from self._end_rate()
            self._rate, self._converter = rate, PcmConverter(PcmFormat(rate, 2, 1), SAMPLE_RATE)
        yield from self._audio(self._converter.feed(samples).tobytes())

    def _end_rate(self) -> Iterator[Action]:
        if self._converter is not None:
            yield from self._audio(self._converter.finish().tobytes())
            self._converter = None

    def _audio(self, data: bytes) -> Iterator[Action]:
        if data:
            self._samples += len(data) // Encoding.PCM_F32LE.sample_bytes
            yield Audio(data)

    def _stop(self) -> Iterator[Action]:
        if self._over:
            return
        self._over = True
        if self._publisher is None:
            yield Close(1000)
            return
        yield from self._end_rate()
        yield Stop()

    def _refuse(self, why: str) -> Iterator[Action]:
        self._over = True
        yield Close(1002, why)
