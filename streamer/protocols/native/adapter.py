"""Between the native protocol's text frames and the session's inputs and events."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from streamer.protocols.native import messages as wire
from streamer.session import events
from streamer.session.settings import InvalidSettingError

MAX_CHARACTERS = 16_384
"""Of a text frame; more than all settings together ever have. JSON as large as a frame may be took
up to 70 ms to read, in which nobody else was served."""

_MESSAGE_OF: dict[type[Any], type[Any]] = {
    events.SpeechStarted: wire.SpeechStarted,
    events.Partial: wire.Partial,
    events.TurnPaused: wire.TurnPaused,
    events.TurnResumed: wire.TurnResumed,
    events.SpeechEnded: wire.SpeechEnded,
    events.Final: wire.Final,
    events.Flushed: wire.Flushed,
    events.Acknowledged: wire.Acknowledged,
    events.Warned: wire.Warning,
    events.Done: wire.Done,
}


class InvalidMessageError(ValueError):
    """A text frame that is not a message of the protocol."""


def parse_client_message(text: str) -> wire.ClientMessage:
    """Read a text frame; raises InvalidMessageError, in words that a client's author can use."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidMessageError(
            f"a text frame has at most {MAX_CHARACTERS} characters; audio goes into binary frames"
        )
    try:
        return wire.client_messages.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    match first["type"]:
        case "json_invalid":
            problem = "a text frame must hold one JSON object; audio goes into binary frames"
        case "union_tag_invalid":
            problem = "unknown message type"
        case "union_tag_not_found" | "model_attributes_type" | "dict_type":
            problem = "a message is a JSON object with a type"
        case _:
            problem = f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}"
    raise InvalidMessageError(problem)


def message_of(event: events.Event) -> wire.ServerMessage:
    """Turn an event into the message that tells it."""
    if isinstance(event, events.EngineFailed):
        return wire.Error(
            code="engine_failed",
            message=event.message,
            channel=event.channel,
            utterance=event.utterance,
        )
    return _MESSAGE_OF[type(event)].model_validate(event)


def invalid_setting(error: InvalidSettingError, *, fatal: bool) -> wire.Error:
    """Say which setting was wrong, and what would have been accepted."""
    return wire.Error(
        code="invalid_setting",
        message=str(error),
        fatal=fatal,
        setting=error.setting,
        accepted=error.accepted,
    )


def invalid_message(error: InvalidMessageError) -> wire.Error:
    """Say what was wrong with a text frame; the session goes on."""
    return wire.Error(
        code="invalid_message", message=str(error), accepted=wire.CLIENT_MESSAGE_TYPES
    )
