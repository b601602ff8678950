"""The native protocol, version 1, as a dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamer.protocols import binary_commands
from streamer.protocols.dialect import (
    Action,
    Close,
    Message,
    NeverSentError,
    Open,
    Reply,
    Result,
    Resume,
    Say,
    SessionEnd,
)
from streamer.protocols.door import Host
from streamer.protocols.endings import IDLE_CODE, closing, idle_text
from streamer.protocols.native import adapter, messages
from streamer.protocols.native.adapter import InvalidMessageError
from streamer.protocols.native.event_writer import EventWriter
from streamer.protocols.native.replay_buffer import ReplayBuffer
from streamer.protocols.native.resuming import Resumption, parse_resumption
from streamer.protocols.native.watching import NOT_WATCHED, Watched, without_watch
from streamer.protocols.watch_links import WatchTokenError
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.session.settings import InvalidSettingError, StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.rules import TurnRule

READY_GRACE_S = 0.2
"""A `start` that comes this soon is answered by one `ready`; after it, `ready` has been sent with
the query's settings and is sent again."""

TURN_MODEL_ABSENT = "turn_model_absent"
"""The code of a warning: turns end by silence, though the client has asked for a turn model."""


class NativeDialect:
    """One client of the native protocol."""

    grace_s = READY_GRACE_S

    def __init__(self, query: Mapping[str, str], host: Host) -> None:
        self._query = query
        self._host = host
        self._settings: StreamSettings | None = None
        self._heard_audio = False
        self._started = False
        self._refused = False
        self._sent = ReplayBuffer()
        self._writer = EventWriter()
        self._watched: Watched | None = None
        self._messages_received = 0

    def connected(self) -> Iterator[Action]:
        """Say nothing: a `start` may follow at once."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Open with the query's settings: some clients send nothing before `ready`."""
        yield from self._open({})

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take audio or a message."""
        if (
            isinstance(message, bytes)
            and self._settings is not None
            and not message.startswith(b"{")  # else it may be a command
        ):
            self._heard_audio = True
            return iter((Audio(message),))
        return self._taken(message)

    def _taken(self, message: str | bytes) -> Iterator[Action]:
        parsed = message if isinstance(message, bytes) else _parsed(message)
        if self._settings is None and not self._refused:
            if isinstance(parsed, messages.Start):
                self._started = True
                yield from self._open(parsed.model_extra or {})
                return
            yield from self._open({}, message)
        if self._settings is None:
            return  # refused: the last words are on their way
        try:
            yield from self._handle(parsed, self._settings)
        except InvalidMessageError as error:
            yield Say(adapter.invalid_message(error))
        except InvalidSettingError as error:
            yield Say(adapter.invalid_setting(error, fatal=False))

    def happened(self, event: events.Event) -> Iterator[Result]:
        """Tell an event, or keep it until its turn."""
        return self._told(self._writer.happened(event))

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Result]:
        """Say `done`, or why the server ends what the client did not."""
        yield from self._told(self._writer.rest())
        if self._watched is not None:
            yield self._watched.over(adapter.message_of(done))
        if end is SessionEnd.IDLE:
            text = idle_text(self._host.limits.idle_timeout_s)
            yield Say(messages.Error(code=IDLE_CODE, message=text, fatal=True))
        else:
            told = adapter.message_of(done)
            yield Say(told.model_copy(update={"usage_s": round(self._writer.usage_s, 3)}))
        yield closing(end)

    def _told(self, replies: Iterator[Reply]) -> Iterator[Result]:
        return replies if self._watched is None else self._watched.also(replies)

    def encode(self, message: Message) -> str:
        """Number a message as it is sent: those replaced while waiting leave no gap."""
        numbered = message.model_copy(update={"seq": self._sent.next})
        text = numbered.model_dump_json(exclude_none=True)
        self._sent.add(text)
        return text

    def resumed(
        self, last_seq: int | None, bytes_received: int, audio_s: float
    ) -> list[str] | None:
        """Say `ready` again, and what the client lacks as it was said (`Resumable`)."""
        assert self._settings is not None, "only an open session is resumed"
        known = self._sent.first - 1 if last_seq is None else last_seq
        missing = self._sent.after(known)
        if missing is None:
            return None
        settings = self._settings
        if not settings.encoding.is_compressed:
            frame_bytes = settings.encoding.sample_bytes * settings.channels
            audio_s = bytes_received / frame_bytes / settings.sample_rate
        ready = self._ready(settings).model_copy(
            update={
                "seq": known,
                "resumed": True,
                "audio_received": audio_s,
                "bytes_received": bytes_received,
                "messages_received": self._messages_received,
            }
        )
        return [ready.model_dump_json(exclude_none=True), *missing]

    def _handle(
        self,
        message: bytes | messages.ClientMessage | InvalidMessageError,
        settings: StreamSettings,
    ) -> Iterator[Action]:
        if not isinstance(message, bytes | messages.Start | messages.Keepalive):
            self._messages_received += 1
        match message:
            case bytes():  # the first, or one that may be a command: `received` takes the others
                if (command := binary_commands.command_in(message)) is not None:
                    text = binary_commands.told(command)
                    yield Say(
                        messages.Warning(code=events.WarningCode.UNLIKELY_AUDIO, message=text)
                    )
                    return
                self._heard_audio = True
                yield Audio(message)
            case messages.Start():
                if self._started or self._heard_audio:
                    raise InvalidMessageError("start comes once, before the first audio")
                self._started = True
                yield from self._open(message.model_extra or {})
            case messages.Configure():
                changes = message.model_extra or {}
                self._settings = self._host.changed_settings(settings, changes)
                yield Configure(self._settings)
                yield from self._turn_warning(changes.get("turn", settings.turn))
            case messages.Flush():
                yield Flush(message.id)
            case messages.Stop():
                yield Stop()
            case messages.Keepalive():
                try:
                    self._sent.forget(-1 if message.last_seq is None else message.last_seq)
                except NeverSentError as error:
                    raise InvalidMessageError(f"last_seq: {error}") from error
            case InvalidMessageError():
                raise message

    def _open(
        self, start: Mapping[str, Any], message: str | bytes | None = None
    ) -> Iterator[Action]:
        """Open the session with the settings of the query and of `start`, which wins.

        Or go on with an earlier one, and with the message that comes first there.
        """
        wanted = {**self._query, **start}
        try:
            resumption = parse_resumption(wanted)
            if resumption is not None and self._settings is None:
                self._refused = True  # unless there is such a session: then that goes on
                yield _resume(resumption, message)
                return
            unwatched = self._watch(wanted)
            settings = self._host.stream_settings(without_watch(wanted))
        except InvalidSettingError as error:
            self._refused = True
            yield Say(adapter.invalid_setting(error, fatal=True))
            yield Close(1008, "invalid setting")
            return
        self._settings = settings
        self._writer = EventWriter(settings.labels, ordered=settings.ordered)
        # Who watches is told the last words even if the speaker is gone.
        yield Open(settings, outlives_client=self._watched is not None)
        yield Say(self._ready(settings))
        yield from unwatched
        yield from self._turn_warning(wanted.get("turn", TurnRule.SILENCE))

    def _watch(self, wanted: Mapping[str, Any]) -> list[Say]:
        """Let others watch along, if that is wanted, or say why they cannot."""
        try:
            self._watched = Watched.of(wanted, self._host.watch, self._host.session)
        except WatchTokenError as error:
            return [Say(messages.Warning(code=NOT_WATCHED, message=str(error)))]
        return []

    def _turn_warning(self, wanted: object) -> Iterator[Action]:
        """Say why turns end by silence, where the client has asked for more."""
        settings = self._settings
        if settings is None or settings.turn == wanted:
            return
        trouble = self._host.turn_trouble(settings.language)
        if trouble is not None:
            yield Say(messages.Warning(code=TURN_MODEL_ABSENT, message=trouble))

    def _ready(self, settings: StreamSettings) -> messages.Ready:
        info, limits, watched = self._host.info, self._host.limits, self._watched
        watch = messages.Watch(token=watched.token, expires=watched.expires) if watched else None
        return messages.Ready(
            session=self._host.session,
            model=info.name,
            demonstration=info.demonstration,
            advice=info.advice,
            provider=info.provider,
            languages=list(info.languages),
            word_timings=info.word_timings,
            watchable=self._host.watch is not None,
            watch=watch,
            sample_rate=SAMPLE_RATE,
            settings=settings.model_dump(mode="json"),
            limits=messages.Limits(
                max_frame_bytes=limits.max_frame_bytes,
                max_utterance_s=info.max_seconds,
                idle_timeout_s=limits.idle_timeout_s,
                resume_window_s=limits.resume_window_s,
            ),
        )


def _resume(wanted: Resumption, message: str | bytes | None) -> Resume:
    text = (
        "there is no such session to resume, or it has waited too long: open a new one, and send "
        "the audio since the last acknowledged again"
    )
    otherwise = (
        Say(messages.Error(code="unknown_session", message=text, fatal=True, setting="resume")),
        Close(1008, "unknown session"),
    )
    text = (
        f"last_seq: message {wanted.last_seq} was never sent; give the `seq` of one that has come"
    )
    unsent = (
        Say(messages.Error(code="invalid_setting", message=text, fatal=True, setting="last_seq")),
        Close(1008, "invalid setting"),
    )
    return Resume(wanted.resume, wanted.last_seq, otherwise, unsent, message)


def _parsed(text: str) -> messages.ClientMessage | InvalidMessageError:
    try:
        return adapter.parse_client_message(text)
    except InvalidMessageError as error:
        return error
