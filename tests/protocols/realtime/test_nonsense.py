"""Whatever a client of the Realtime API sends, it is answered."""

from __future__ import annotations

import base64
import json

import pytest
from dialogues import said
from hypothesis import given, settings
from hypothesis import strategies as st
from protocols.realtime.client import APPEND, Client

from streamer.session.inputs import Audio


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello", "invalid_json"),
        ("[]", "invalid_value"),
        ("{}", "invalid_value"),
        ('{"type":"response.create"}', "invalid_value"),
        ('{"type":"input_audio_buffer.append"}', "missing_required_parameter"),
        ('{"type":"input_audio_buffer.append","audio":"?"}', "invalid_base64"),
        ('{"type":"input_audio_buffer.append","audio":5}', "invalid_value"),
        (
            '{"type":"input_audio_buffer.commit","event_id":"mine"}',
            "input_audio_buffer_commit_empty",
        ),
    ],
)
def test_what_cannot_be_understood_or_done_is_told(text: str, code: str) -> None:
    client = Client()
    client.said()
    (error,) = said(client.dialect, client.dialect.received(text))
    assert (error["type"], error["error"]["code"]) == ("error", code)
    assert error["error"]["event_id"] == ("mine" if "mine" in text else None)


odd_text = st.text(st.characters(), max_size=10)  # half surrogate pairs too
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner),
    max_leaves=5,
)
parts = st.fixed_dictionaries({}, optional={"type": st.sampled_from(["audio/pcm", "server_vad"])})
fields = ("format", "transcription", "turn_detection", "noise_reduction", "x")
inputs = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, anything | parts))
base64s = st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode())
sessions = st.fixed_dictionaries({"audio": st.fixed_dictionaries({"input": inputs | anything})})
nearly = st.fixed_dictionaries(
    {
        "type": anything
        | st.sampled_from(
            [
                "session.update",
                "transcription_session.update",
                APPEND,
                "input_audio_buffer.commit",
                "input_audio_buffer.clear",
            ]
        )
    },
    optional={
        "session": anything | sessions | inputs,
        "audio": anything
        | st.binary(max_size=20).map(lambda data: base64.b64encode(data).decode()),
        "event_id": anything,
    },
).map(json.dumps)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50) | st.text(max_size=50) | anything.map(json.dumps) | nearly))
def test_nothing_that_a_client_sends_makes_it_raise(messages: list[str | bytes]) -> None:
    client = Client()
    for message in messages:
        actions = list(client.dialect.received(message))
        said(client.dialect, actions)
        assert sum(isinstance(action, Audio) for action in actions) <= 1
