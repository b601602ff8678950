"""Genesys AudioHook as a dialect."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.protocols.audiohook import messages
from streamer.protocols.audiohook.parsing import RATE, InvalidMessageError, chosen, parse, read
from streamer.protocols.audiohook.transcript import entity_of
from streamer.protocols.dialect import Action, Close, Message, Open, Reply, Say, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import GOING_AWAY, closing, idle_text
from streamer.protocols.timeline import Timeline
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.session.settings import StreamSettings
from streamer.speech.languages import known_language


class AudioHookDialect:
    """One client of AudioHook.

    Only finals are told: clients bound how many messages a second they take.
    """

    grace_s = None

    def __init__(self, host: Host) -> None:
        self._host = host
        self._id = messages.NOBODY
        self._seq = 0
        self._client_seq = 0
        self._settings: StreamSettings | None = None
        self._channels: list[str] = []
        self._bytes = 0
        self._timeline = Timeline()
        self._refused = False
        self._closing = False

    def connected(self) -> Iterator[Action]:
        """Wait for `open`."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is never asked."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take audio or a message."""
        if isinstance(message, bytes):
            if self._channels and not (self._refused or self._closing):
                self._bytes += len(message)
                yield Audio(message)
            return
        try:
            yield from self._handle(self._checked(parse(message)))
        except InvalidMessageError as error:
            if not (self._refused or self._closing):
                yield self._disconnect(str(error))

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell what was said."""
        match event:
            case events.Final() if event.text:
                channel = self._channels[event.channel]
                entity = entity_of(
                    event, self._host.session, channel, self._timeline.shift(event.end)
                )
                yield self._say("event", messages.EventParameters(entities=[entity]))
            case events.Acknowledged():
                self._timeline.forget(event.audio)
            case _:
                pass

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Say `closed`, or why the server closes what the client has not."""
        self._closing = True
        match end:
            case SessionEnd.STOPPED:
                yield self._say("closed")
            case SessionEnd.IDLE:
                yield self._disconnect(idle_text(self._host.limits.idle_timeout_s))
            case SessionEnd.GOING_AWAY:
                yield self._disconnect(GOING_AWAY)
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Number a message as it is sent."""
        self._seq += 1
        return message.model_copy(update={"seq": self._seq}).model_dump_json(exclude_none=True)

    def _checked(self, message: messages.ClientMessage) -> messages.ClientMessage:
        """Check what counts for every message; raises InvalidMessageError."""
        if message.seq != self._client_seq + 1 and not self._refused:
            raise InvalidMessageError(f"seq must be {self._client_seq + 1}, not {message.seq}")
        if message.serverseq > self._seq:
            raise InvalidMessageError(f"serverseq {message.serverseq} was never sent")
        if self._id not in (messages.NOBODY, message.id):
            raise InvalidMessageError("the id of the session has changed")
        self._client_seq = message.seq
        self._id = message.id
        return message

    def _handle(self, message: messages.ClientMessage) -> Iterator[Action]:
        raw = message.parameters
        match message.type:
            case "ping":
                yield self._say("pong")
            case "close" if not self._closing:
                self._closing = True
                yield from [Stop()] if self._settings else [self._say("closed"), Close(1000)]
            case "open" if self._settings is None and not (self._refused or self._closing):
                yield from self._open(read(messages.OpenParameters, raw))
            case "paused" if self._channels and not self._closing:
                yield Flush(None)
            case "resumed" | "discarded" if self._channels and not self._closing:
                yield from self._leave_out(read(messages.Span, raw))
            case "update" if self._settings is not None and not self._closing:
                yield from self._update(self._settings, read(messages.UpdateParameters, raw))
            case _:
                pass  # `error`, what comes at another time than it should, and what is newer

    def _open(self, asked: messages.OpenParameters) -> Iterator[Action]:
        """Open the session; a language that is not to be had costs the wish, not the call.

        `opened` then says which there are.
        """
        info = self._host.info
        language = known_language(asked.language, info.languages)
        media = chosen(asked.media)
        if media is None and not asked.is_probe:
            raise InvalidMessageError(f"no media of the offer is PCMU at {RATE} Hz")
        self._channels = media.channels if media else []
        self._settings = self._host.stream_settings(
            {
                "language": language or info.languages[0],
                "encoding": "mulaw",
                "sample_rate": RATE,
                "channels": max(1, len(self._channels)),
                "partials": False,
                "words": info.word_timings,
            }
        )
        yield Open(self._settings)
        opened = messages.OpenedParameters(
            media=[media] if media else [],
            supportedLanguages=(
                list(info.languages) if asked.supportedLanguages or language is None else None
            ),
        )
        yield self._say("opened", opened)

    def _leave_out(self, span: messages.Span) -> Iterator[Action]:
        """Go on at a later time: what comes now does not follow what came before."""
        heard_s = self._bytes / len(self._channels) / RATE
        left_out_s = span.start + span.discarded - heard_s - self._timeline.left_out
        if left_out_s > 0:
            yield Flush(None)
            self._timeline.leave_out(heard_s, left_out_s)

    def _update(
        self, settings: StreamSettings, asked: messages.UpdateParameters
    ) -> Iterator[Action]:
        """Change the language; one that is not known changes nothing: to disconnect is worse."""
        language = known_language(asked.language, self._host.info.languages)
        if language is not None:
            self._settings = settings.model_copy(update={"language": language})
            yield Configure(self._settings)
        yield self._say("updated")

    def _disconnect(self, info: str) -> Say:
        """Ask the client to close."""
        self._refused = True
        why = messages.DisconnectParameters(reason="error", info=info)
        return self._say("disconnect", why)

    def _say(
        self, kind: messages.ServerType, parameters: messages.Parameters = messages.NOTHING
    ) -> Say:
        """Answer what was received last."""
        return Say(
            messages.ServerMessage(
                id=self._id, type=kind, clientseq=self._client_seq, parameters=parameters
            )
        )
