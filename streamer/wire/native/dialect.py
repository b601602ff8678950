"""The native protocol, version 1, as a dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamer.engine.base import SAMPLE_RATE
from streamer.session import events
from streamer.session.settings import InvalidSettingError, StreamSettings, parse_changes
from streamer.wire.dialect import (
    Action,
    Audio,
    Close,
    Ending,
    Flush,
    Message,
    Open,
    Reply,
    Say,
    Stop,
)
from streamer.wire.dialect import Configure as Reconfigure
from streamer.wire.door import KEY_PARAMETER, Door, Handshake, Host, RefusalError, keys_brought
from streamer.wire.native import adapter, messages
from streamer.wire.native.adapter import InvalidMessageError

STREAM_PATH = "/v1/stream"

READY_GRACE_S = 0.2
"""A `start` that comes this soon is answered by one `ready`; after it, `ready` has been sent with
the query's settings and is sent again."""


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
        self._seq = 0

    def connected(self) -> Iterator[Action]:
        """Say nothing: a `start` may follow at once."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Open with the query's settings: some clients send nothing before `ready`."""
        yield from self._open({})

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take audio or a message."""
        parsed = message if isinstance(message, bytes) else _parsed(message)
        if self._settings is None and not self._refused:
            if isinstance(parsed, messages.Start):
                self._started = True
                yield from self._open(parsed.model_extra or {})
                return
            yield from self._open({})
        if self._settings is None:
            return  # refused: the last words are on their way
        try:
            yield from self._obeyed(parsed, self._settings)
        except InvalidMessageError as error:
            yield Say(adapter.invalid_message(error))
        except InvalidSettingError as error:
            yield Say(adapter.invalid_setting(error, fatal=False))

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell an event. Partials of an utterance replace each other; its final replaces them."""
        message = adapter.message_of(event)
        match event:
            case events.Partial():
                yield Say(message, key=_partial(event))
            case events.Final():
                yield Say(message, instead_of=_partial(event))
            case events.Acknowledged():
                yield Say(message, key="acknowledged")
            case _:
                yield Say(message)

    def finished(self, done: events.Done, ending: Ending) -> Iterator[Reply]:
        """Say `done`, or why the server ends what the client did not."""
        match ending:
            case Ending.STOPPED:
                yield Say(adapter.message_of(done))
                yield Close(1000)
            case Ending.IDLE:
                limit = self._host.settings.idle_timeout_s
                text = f"nothing was received for {limit:g} seconds"
                yield Say(messages.Error(code="idle_timeout", message=text, fatal=True))
                yield Close(1008, "idle timeout")
            case Ending.GOING_AWAY:
                yield Say(adapter.message_of(done))
                yield Close(1012, "the server is going away")

    def encode(self, message: Message) -> str:
        """Number a message as it is sent: those replaced while waiting leave no gap."""
        numbered = message.model_copy(update={"seq": self._seq})
        self._seq += 1
        return numbered.model_dump_json(exclude_none=True)

    def _obeyed(
        self,
        message: bytes | messages.ClientMessage | InvalidMessageError,
        settings: StreamSettings,
    ) -> Iterator[Action]:
        match message:
            case bytes():
                self._heard_audio = True
                yield Audio(message)
            case messages.Start():
                if self._started or self._heard_audio:
                    raise InvalidMessageError("start comes once, before the first audio")
                self._started = True
                yield from self._open(message.model_extra or {})
            case messages.Configure():
                changes = message.model_extra or {}
                self._settings = parse_changes(settings, changes, self._host.info.languages)
                yield Reconfigure(self._settings)
            case messages.Flush():
                yield Flush(message.id)
            case messages.Stop():
                yield Stop()
            case messages.Keepalive():
                pass
            case InvalidMessageError():
                raise message

    def _open(self, start: Mapping[str, Any]) -> Iterator[Action]:
        """Open the session with the settings of the query and of `start`, which wins."""
        try:
            settings = self._host.stream_settings({**self._query, **start})
        except InvalidSettingError as error:
            self._refused = True
            yield Say(adapter.invalid_setting(error, fatal=True))
            yield Close(1008, "invalid setting")
            return
        self._settings = settings
        yield Open(settings)
        yield Say(self._ready(settings))

    def _ready(self, settings: StreamSettings) -> messages.Ready:
        info, server = self._host.info, self._host.settings
        return messages.Ready(
            session=self._host.session,
            model=info.name,
            demonstration=info.demonstration,
            provider=info.provider,
            languages=list(info.languages),
            sample_rate=SAMPLE_RATE,
            settings=settings.model_dump(mode="json"),
            limits=messages.Limits(
                max_frame_bytes=server.max_frame_bytes,
                max_utterance_s=info.max_seconds,
                idle_timeout_s=server.idle_timeout_s,
            ),
        )


def _partial(event: events.Partial | events.Final) -> str:
    return f"partial {event.channel} {event.utterance}"


def _parsed(text: str) -> messages.ClientMessage | InvalidMessageError:
    try:
        return adapter.parse_client_message(text)
    except InvalidMessageError as error:
        return error


def _open(handshake: Handshake, host: Host) -> NativeDialect:
    """Judge the settings of the query before the upgrade."""
    settings: dict[str, str] = {}
    try:
        for name, value in handshake.query:
            if name in settings:
                raise InvalidSettingError(name, "stands in the query twice", "one value")
            if name != KEY_PARAMETER:
                settings[name] = value
        host.stream_settings(settings)
    except InvalidSettingError as error:
        raise RefusalError(
            400, "invalid_setting", str(error), setting=error.setting, accepted=error.accepted
        ) from error
    return NativeDialect(settings, host)


def _keys(handshake: Handshake) -> list[str]:
    return keys_brought(handshake, "bearer")


def _refused(refusal: RefusalError) -> bytes:
    error = messages.Error(
        code=refusal.code,
        message=refusal.message,
        fatal=True,
        setting=refusal.setting,
        accepted=refusal.accepted,
    )
    return error.model_dump_json(exclude_none=True, exclude={"seq"}).encode()


DOOR = Door(STREAM_PATH, _open, _keys, _refused)
