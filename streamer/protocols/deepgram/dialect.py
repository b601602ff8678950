"""Deepgram's live transcription, `/v1/listen`, as a dialect."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from streamer.protocols import binary_commands
from streamer.protocols.deepgram import messages
from streamer.protocols.deepgram.options import Options
from streamer.protocols.deepgram.results import Results
from streamer.protocols.dialect import Action, Close, Message, Open, Reply, Say, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.words import words_of
from streamer.session import events
from streamer.session.inputs import Audio, Flush, Stop
from streamer.speech.end_reason import EndReason
from streamer.speech.word_spans import spread_words

ECHO_CHARACTERS = 200
"""How much of a message that is not understood is sent back with the complaint."""


class _Track:
    """What is remembered of one channel."""

    def __init__(self) -> None:
        self.starts: deque[float] = deque()  # of the utterances that have no final yet
        self.cut_at: float | None = None  # where the length limit has just cut
        self.last_word_end: float | None = None  # until `UtteranceEnd` has told it
        self.finalized = 0  # results that have answered a `Finalize` not yet carried out


class DeepgramDialect:
    """One client of the live transcription."""

    grace_s = None

    def __init__(self, options: Options, host: Host, created: datetime) -> None:
        """`created` is when the request came, for `Metadata`."""
        settings = options.settings
        self._options = options
        self._created = created
        self._results = Results(host.session, settings.channels, host.info)
        self._tracks = [_Track() for _ in range(settings.channels)]
        self._bytes_a_second: int | None = None
        if not settings.encoding.is_compressed:
            width = settings.encoding.sample_bytes
            self._bytes_a_second = width * settings.channels * settings.sample_rate
        self._bytes = 0
        self._told_s = 0.0  # up to where events have come
        self._digest = hashlib.sha256()

    def connected(self) -> Iterator[Action]:
        """Open with the query's settings."""
        yield Open(self._options.settings)

    def waited(self) -> Iterator[Action]:
        """Never comes."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take audio or a message."""
        if isinstance(message, bytes):
            if (command := binary_commands.command_in(message)) is not None:
                yield Say(_not_audio(binary_commands.told(command)))
                return
            self._digest.update(message)
            yield Audio(message)
            self._bytes += len(message)  # not before: finals may come while it is being heard
            for channel in range(len(self._tracks)):
                yield from self._silence(channel, self._heard_s)
            return
        try:
            parsed = messages.client_messages.validate_json(message)
        except ValidationError:
            yield Say(_not_understood(message))
            return
        match parsed:
            case messages.KeepAlive():
                pass
            case messages.Finalize():
                yield Flush(None)
            case messages.CloseStream():
                yield Stop()
            case messages.Configure():
                yield Say(self._configured(parsed))

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell an event. Interim results replace each other, and a final result all of them."""
        match event:
            case events.SpeechStarted():
                yield from self._started(event)
            case events.Partial():
                self._told_s = max(self._told_s, event.end)
                yield self._interim(event)
            case events.SpeechEnded():
                self._told_s = max(self._told_s, event.at)
                cut = event.reason is EndReason.LIMIT
                self._tracks[event.channel].cut_at = event.at if cut else None
            case events.Final():
                yield from self._final(event)
            case events.Flushed():
                yield from self._finalized()
            case events.Acknowledged():
                self._told_s = max(self._told_s, event.audio)
            case events.Warned(events.WarningCode.UNLIKELY_AUDIO, message):
                yield Say(_not_audio(message))
            case _:
                pass

    def silent(self, seconds: float) -> Iterator[Reply]:
        """Say `UtteranceEnd` where no audio comes that would show it."""
        for channel in range(len(self._tracks)):
            yield from self._silence(channel, self._heard_s + seconds)

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Say `Metadata` and close, or close as Deepgram does on those who went silent."""
        if end is SessionEnd.IDLE:
            yield Close(1011, "NET-0001: neither audio nor a message came for too long")
            return
        metadata = self._results.metadata
        yield Say(
            messages.Metadata(
                request_id=metadata.request_id,
                sha256=self._digest.hexdigest(),
                created=self._created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                duration=round(done.audio, 3),
                channels=len(self._tracks),
                models=[metadata.model_uuid],
                model_info={metadata.model_uuid: metadata.model_info},
            )
        )
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Write a message down."""
        return message.model_dump_json()

    @property
    def _heard_s(self) -> float:
        """Seconds of audio heard; of compressed audio, what its events tell, within a second."""
        return self._bytes / self._bytes_a_second if self._bytes_a_second else self._told_s

    def _configured(self, asked: messages.Configure) -> Message:
        request_id = self._results.metadata.request_id
        if asked.keyterms is None:
            return messages.ConfigureSuccess(request_id=request_id)
        return messages.ConfigureFailure(
            request_id=request_id,
            code="CONFIGURE_KEYTERMS_NOT_SUPPORTED",
            description="this model takes no key terms",
        )

    def _started(self, event: events.SpeechStarted) -> Iterator[Reply]:
        yield from self._silence(event.channel, event.at)
        track = self._tracks[event.channel]
        track.starts.append(event.at)
        if self._options.vad_events and event.at != track.cut_at:
            index = self._results.index(event.channel)
            yield Say(messages.SpeechStarted(channel=index, timestamp=round(event.at, 3)))

    def _interim(self, event: events.Partial) -> Say:
        span = event.start, event.end
        words = spread_words(event.text, *span, event.confidence)
        result = self._results.write(event.channel, event.text, span, words, event.confidence)
        return Say(result, key=_interim_key(event))

    def _final(self, event: events.Final) -> Iterator[Reply]:
        track = self._tracks[event.channel]
        words = words_of(event)
        ends_speech = event.reason is not EndReason.LIMIT
        if event.reason.by_silence:
            ends_speech = self._options.endpointing
        finalized = event.reason is EndReason.FLUSH
        track.finalized += finalized
        result = self._results.write(
            event.channel,
            event.text,
            (event.start, event.end),
            words,
            event.confidence,
            is_final=True,
            speech_final=ends_speech,
            from_finalize=finalized,
        )
        yield Say(result, instead_of=_interim_key(event))
        track.starts.popleft()
        if words:
            track.last_word_end = words[-1].end
        yield from self._silence(event.channel, track.starts[0] if track.starts else self._heard_s)

    def _finalized(self) -> Iterator[Reply]:
        """Answer `Finalize` on the channels where nothing was open."""
        for channel, track in enumerate(self._tracks):
            if track.finalized:
                track.finalized -= 1
            else:
                now = self._heard_s
                nothing = channel, "", (now, now), (), 0.0
                yield Say(
                    self._results.write(
                        *nothing, is_final=True, speech_final=True, from_finalize=True
                    )
                )

    def _silence(self, channel: int, until: float) -> Iterator[Say]:
        """Say that an utterance has ended if nobody has spoken for long enough, up to `until`."""
        track, wanted = self._tracks[channel], self._options.utterance_end_s
        if wanted is None or track.last_word_end is None:
            return
        if track.starts and until > track.starts[0]:
            return  # somebody speaks
        if until - track.last_word_end >= wanted:
            index, at = self._results.index(channel), round(track.last_word_end, 3)
            track.last_word_end = None
            yield Say(messages.UtteranceEnd(channel=index, last_word_end=at))


def _interim_key(event: events.Partial | events.Final) -> str:
    return f"interim {event.channel} {event.utterance}"


def _not_audio(text: str) -> messages.Error:
    return messages.Error(variant="DATA-0000", description=text, message=text)


def _not_understood(text: str) -> messages.Error:
    known = "KeepAlive, Finalize, CloseStream, Configure"
    return messages.Error(
        variant="SchemaError",
        description=f"not a message of this API; accepted: {known}, and audio in binary messages",
        message=text[:ECHO_CHARACTERS],
    )
