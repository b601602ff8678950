"""Between text frames and the session: every message in, every event out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from streamer.protocols.native import adapter
from streamer.protocols.native.messages import (
    Configure,
    Flush,
    Keepalive,
    Start,
    Stop,
    server_messages,
)
from streamer.session import events
from streamer.session.settings import InvalidSettingError
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word


def test_settings_of_start_and_configure_come_through_unjudged() -> None:
    start = adapter.parse_client_message('{"type":"start","language":"de","x":1}')
    assert isinstance(start, Start)
    assert start.model_extra == {"language": "de", "x": 1}
    configure = adapter.parse_client_message('{"type":"configure","partials":false}')
    assert isinstance(configure, Configure)
    assert configure.model_extra == {"partials": False}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"flush","id":"a"}', Flush(id="a")),
        ('{"type":"flush"}', Flush(id=None)),
        ('{"type":"keepalive"}', Keepalive()),
        ('{"type":"stop"}', Stop()),
    ],
)
def test_commands_are_read(text: str, message: object) -> None:
    assert adapter.parse_client_message(text) == message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "one JSON object"),
        ("[]", "a JSON object with a type"),
        ("{}", "a JSON object with a type"),
        ('{"type":"sing"}', "unknown message type"),
        ('{"type":"flush","id":5}', "id: "),
        ('{"type":"flush","id":"' + "x" * 300 + '"}', "id: "),
        ('{"type":"start","language":"en","a":[' + "0," * 8192 + "0]}", "at most 16384 characters"),
    ],
)
def test_what_is_wrong_with_a_text_frame_is_said(text: str, problem: str) -> None:
    with pytest.raises(adapter.InvalidMessageError, match=problem):
        adapter.parse_client_message(text)


ALL_EVENTS: list[events.Event] = [
    events.SpeechStarted(1, 2, 0.5),
    events.Partial(0, 1, "hello wor", 5, 0.0, 1.5),
    events.SpeechEnded(0, 1, 2.5, EndReason.LIMIT),
    events.Final(0, 1, "hello world", 0.0, 2.5, EndReason.STOP, "en", 0.75),
    events.Final(0, 2, "hi", 3.0, 4.0, EndReason.STOP, "en", 0.75, (Word("hi", 3.1, 3.5, 0.5),)),
    events.Flushed("a"),
    events.Acknowledged(3.5),
    events.Warned(events.WarningCode.INVALID_SAMPLES, "told"),
    events.EngineFailed(0, 3, "out of memory"),
    events.Done(5.0, 2),
]


EVENTS: TypeAdapter[events.Event] = TypeAdapter(events.Event)
FOR_OTHER_DIALECTS = {(events.Partial, "confidence"), (events.Final, "failure")}


@pytest.mark.parametrize("event", ALL_EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_has_a_message_with_all_its_fields(event: events.Event) -> None:
    message = adapter.message_of(event)
    fields = json.loads(message.model_dump_json())
    for name in event.__slots__:
        if (type(event), name) not in FOR_OTHER_DIALECTS:
            assert fields[name] == EVENTS.dump_python(event, mode="json")[name]
    assert server_messages.validate_python(fields) == message


def test_a_refused_setting_says_what_was_accepted() -> None:
    error = InvalidSettingError("vad", "is unknown", ["webrtc", "off"])
    message = adapter.invalid_setting(error, fatal=True)
    assert (message.setting, message.accepted, message.fatal) == ("vad", ["webrtc", "off"], True)
    assert message.message == "vad: is unknown"


@given(st.text(max_size=60) | st.binary(max_size=60).map(repr))
def test_any_text_is_a_message_or_a_clear_error(text: str) -> None:
    try:
        adapter.parse_client_message(text)
    except adapter.InvalidMessageError as error:
        problem = str(error)
    else:
        problem = "none"
    assert problem
