"""AudioSocket as a dialect: calls are heard here, and told elsewhere, under their UUID."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from streamer.audio.encodings import Encoding
from streamer.audio.pcm import PcmConverter, PcmFormat
from streamer.audio.plausibility import Examiner
from streamer.protocols.audiosocket.parser import RATES, Frame, FrameParser, Kind
from streamer.protocols.call_dialect import CallDialect
from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.dialect import Action, Close, Open
from streamer.protocols.door import Host
from streamer.session import events
from streamer.session.inputs import Audio, Stop
from streamer.speech.clip import SAMPLE_RATE

HANDSHAKE_S = 5.0
"""Asterisk says whose call it is as soon as it is connected. Who says nothing loses the place."""

_CALLER_HUNG_UP = b"\x01"
"""The error code that is none."""


class AudioSocketDialect(CallDialect):
    """One stream of a call, of one track: Asterisk sends what it hears from the channel."""

    grace_s = HANDSHAKE_S

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._parser = FrameParser()
        self._examiner: Examiner | None = Examiner(Encoding.PCM_S16LE, 1)
        self._converter: PcmConverter | None = None
        self._rate = 0
        self._samples = 0  # given to the session

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

    def _begin(self, frame: Frame) -> Iterator[Action]:
        if frame.kind != Kind.UUID or len(frame.payload) != 16:
            yield from self._refuse("the first frame is no UUID")
            return
        publisher = self._publisher = self._publisher_of(str(UUID(bytes=frame.payload)))
        settings = self._host.stream_settings(
            {"encoding": Encoding.PCM_F32LE, "sample_rate": SAMPLE_RATE}
        )
        yield Open(settings, outlives_client=True)
        yield publisher.started(settings.language, {})

    def _take(self, frame: Frame, publisher: CallPublisher) -> Iterator[Action]:
        if (rate := RATES.get(frame.kind)) is not None:
            if (problem := self._problem_of(frame.payload)) is not None:
                yield publisher.warned(events.WarningCode.UNLIKELY_AUDIO, problem)
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

    def _problem_of(self, samples: bytes) -> str | None:
        """Say, once, what is surely no samples; the session hears floats, which never look so."""
        if self._examiner is None:
            return None
        problem = self._examiner.feed(samples)
        if self._examiner.over:
            self._examiner = None
        return problem

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
