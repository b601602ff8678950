"""Wyoming as a dialect: each recording between `audio-start` and `audio-stop` is a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from streamer.audio.encodings import Encoding
from streamer.audio.pcm import PcmConverter, PcmFormat
from streamer.audio.plausibility import Examiner
from streamer.protocols.dialect import Action, Close, Message, Open, Reply, Say, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import idle_text
from streamer.protocols.wyoming import messages
from streamer.protocols.wyoming.incremental import IncrementalTranscript
from streamer.protocols.wyoming.parser import (
    WyomingError,
    WyomingEvent,
    WyomingParser,
    write_event,
)
from streamer.session import events
from streamer.session.inputs import Audio, Stop
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.languages import known_language

SLICE_BYTES = 8192
"""Payload converted at a time."""

Data = TypeVar("Data", bound=BaseModel)


class WyomingDialect:
    """One client of the Wyoming protocol.

    The server gives it the bytes as they come, and `b""` when the client sends no more. A language
    that the model has not, and anything that is no event, is answered by an `error` and the end:
    clients wait for a transcript for ever, but give up when the connection is closed.
    """

    grace_s = None

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = WyomingParser(host.limits.max_frame_bytes)
        self._language = host.info.languages[0]
        self._format: PcmFormat | None = None  # while a recording is open
        self._converter: PcmConverter | None = None
        self._examiner: Examiner | None = None
        self._owed = False  # a transcript, to a recording that has ended
        self._transcript = IncrementalTranscript(self._language)
        self._announced = False
        self._leaving = False  # the client sends no more, and may wait for the transcript
        self._over = False

    def connected(self) -> Iterator[Action]:
        """Say nothing: the client asks."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Never called."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take the next bytes of the connection."""
        if self._over:
            return
        if not message:
            self._leaving = True
            if not self._owed:
                yield from self._end()
            return
        try:
            for event in self._parser.feed(message if isinstance(message, bytes) else b""):
                yield from self._handle(event)
                if self._over:
                    return
        except WyomingError as error:
            yield from self._refuse(str(error), "invalid-event")

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell what the recording's text grows by."""
        match event:
            case events.Partial():
                yield from self._grow(self._transcript.add_partial(event))
            case events.Final():
                yield from self._grow(self._transcript.add_final(event))
            case events.EngineFailed():
                yield Say(messages.error(event.message, "engine-failed"))
            case _:
                pass

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Tell the whole text, even of silence; the connection may bring another recording."""
        if end is SessionEnd.IDLE and self._format is not None:
            text = idle_text(self._host.limits.idle_timeout_s)
            yield from self._refuse(text, "idle-timeout")
            return
        if self._owed or self._format is not None:
            yield from self._announce()
            yield Say(messages.transcript(self._transcript.text, self._language))
            yield Say(messages.transcript_stop())
        self._owed = False
        if end is not SessionEnd.STOPPED or self._leaving:
            yield from self._end()

    def encode(self, message: Message) -> str:
        """Write an event down."""
        assert isinstance(message, messages.Outgoing)
        return write_event(message.type, message.data)

    def _handle(self, event: WyomingEvent) -> Iterator[Action]:
        match event.type:
            case "describe":
                yield Say(messages.info(self._host.info))
            case "ping":
                yield Say(messages.pong(_read(messages.Ping, event)))
            case "transcribe":
                yield from self._choose(_read(messages.Transcribe, event).language or "")
            case "audio-start":
                yield from self._begin(_read(messages.AudioFormat, event).pcm)
            case "audio-chunk":
                yield from self._receive_audio(
                    _read(messages.AudioFormat, event).pcm, event.payload
                )
            case "audio-stop":
                yield from self._stop()
            case _:
                pass  # the protocol grows, and says to drop what one does not know

    def _choose(self, asked: str) -> Iterator[Action]:
        language = known_language(asked, self._host.info.languages)
        if language is None:
            known = ", ".join(self._host.info.languages)
            text = f"the model does not know the language {asked!r}; it has: {known}"
            yield from self._refuse(text, "unsupported-language")
        else:
            self._language = language

    def _begin(self, audio: PcmFormat) -> Iterator[Action]:
        if self._owed:
            text = "a recording may begin after the transcript of the one before"
            yield from self._refuse(text, "transcript-owed")
            return
        self._transcript = IncrementalTranscript(self._language)
        self._announced = False
        self._format, self._converter = audio, PcmConverter(audio, SAMPLE_RATE)
        self._examiner = Examiner(Encoding.PCM_S16LE, audio.channels)
        raw = {"language": self._language, "encoding": Encoding.PCM_F32LE}
        yield Open(self._host.stream_settings(raw))

    def _receive_audio(self, audio: PcmFormat, payload: bytes) -> Iterator[Action]:
        """Convert by each chunk's own header, which may differ from the start's."""
        if self._format is None:
            yield from self._begin(audio)
        if audio != self._format and not self._over:
            yield from self._rest()
            self._format, self._converter = audio, PcmConverter(audio, SAMPLE_RATE)
        if self._over or self._converter is None:
            return
        if self._examiner is not None and not self._examiner.over and audio.width == 2:
            problem = self._examiner.feed(payload)
            if problem is not None:
                yield Say(messages.error(problem, "unlikely-audio"))
        for at in range(0, len(payload), SLICE_BYTES):
            yield Audio(self._converter.feed(payload[at : at + SLICE_BYTES]).tobytes())

    def _stop(self) -> Iterator[Action]:
        if self._format is None:
            yield from self._begin(PcmFormat(SAMPLE_RATE, 2, 1))
        if self._over:
            return
        yield from self._rest()
        self._format = self._converter = None
        self._owed = True
        yield Stop()

    def _rest(self) -> Iterator[Action]:
        if self._converter is not None:
            yield Audio(self._converter.finish().tobytes())

    def _grow(self, piece: str) -> Iterator[Reply]:
        if piece:
            yield from self._announce()
            yield Say(messages.transcript_chunk(piece))

    def _announce(self) -> Iterator[Reply]:
        if not self._announced:
            self._announced = True
            yield Say(messages.transcript_start(self._language))

    def _refuse(self, text: str, code: str) -> Iterator[Reply]:
        yield Say(messages.error(text, code))
        yield from self._end()

    def _end(self) -> Iterator[Reply]:
        self._over = True
        yield Close(1000)


def _read(kind: type[Data], event: WyomingEvent) -> Data:
    """Check an event's data; raises WyomingError for what cannot be used."""
    data: Mapping[str, Any] = event.data
    try:
        return kind.model_validate(data)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise WyomingError(f"{event.type}: {name}: {first['msg']}") from problem
