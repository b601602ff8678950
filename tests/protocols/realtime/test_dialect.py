"""OpenAI's Realtime transcription without a socket."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from dialogues import conversation, played, said
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.protocols.dialect import Action, Close, Open, Say, SessionEnd
from streamer.protocols.realtime.dialect import RealtimeDialect
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush
from streamer.speech.end_reason import EndReason

APPEND = "input_audio_buffer.append"
DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"


class Client:
    """A client of a dialect whose session is played by the test."""

    def __init__(self) -> None:
        self.dialect = RealtimeDialect(a_host())
        self.actions: list[Action] = list(self.dialect.connected())

    def send(self, kind: str, **fields: Any) -> list[Action]:
        actions = list(self.dialect.received(json.dumps({"type": kind, **fields})))
        self.actions += actions
        return actions

    def append(self, seconds: float) -> list[Action]:
        return self.send(APPEND, audio=base64.b64encode(bytes(round(seconds * 48_000))).decode())

    def update(self, **audio_input: Any) -> list[Action]:
        return self.send("session.update", session={"audio": {"input": audio_input}})

    def happen(self, *happening: events.Event) -> None:
        for event in happening:
            self.actions += self.dialect.happened(event)

    def said(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything that was said, once, or what of it is of these types."""
        told = said(self.dialect, self.actions)
        self.actions = []
        return [one for one in told if not kinds or one["type"] in kinds]


def ended(number: int, at: float, reason: EndReason = EndReason.SILENCE) -> events.SpeechEnded:
    return events.SpeechEnded(0, number, at, reason)


def final(number: int, text: str, failure: str | None = None) -> events.Final:
    silence = EndReason.SILENCE
    return events.Final(0, number, text, 0.0, 1.0, silence, "en", 0.9, failure=failure)


@pytest.mark.parametrize("name", ["server_vad", "client_commits"])
def test_a_recorded_conversation_goes_as_it_went(name: str) -> None:
    recorded = conversation(Path(__file__).parent / f"{name}.jsonl")
    assert played(Client().dialect, recorded) == recorded


def test_deltas_put_together_are_the_transcript() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0))
    for text, stable in (("we", 0), ("we the", 2), ("we the people", 6), ("we the purple", 6)):
        client.happen(events.Partial(0, 0, text, stable, 0.0, 1.0))
    client.happen(ended(0, 1.0), final(0, "we the people of"))
    told = client.said(DELTA, COMPLETED)
    assert [one["delta"] for one in told[:-1]] == ["we", " the", " people of"]
    assert told[-1]["transcript"] == "we the people of"


def test_what_was_told_is_never_taken_back_by_a_delta() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), events.Partial(0, 0, "we were", 2, 0.0, 1.0))
    client.happen(ended(0, 1.0), final(0, "he was"))
    told = client.said(DELTA, COMPLETED)
    assert [one.get("delta", one.get("transcript")) for one in told] == ["we", "he was"]


def test_deltas_of_an_item_come_after_the_whole_of_the_one_before() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 1.0))
    client.happen(events.SpeechStarted(0, 1, 2.0), events.Partial(0, 1, "two", 3, 2.0, 3.0))
    client.happen(final(0, "one"), events.Partial(0, 1, "two three", 3, 2.0, 3.5))
    told = client.said(DELTA, COMPLETED)
    assert [one.get("delta", one.get("transcript")) for one in told] == ["one", "one", "two"]


def test_one_failed_piece_does_not_take_the_others_along() -> None:
    client = Client()
    client.update(turn_detection=None)
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 30.0, EndReason.LIMIT))
    client.happen(events.SpeechStarted(0, 1, 30.0), final(0, "one"))
    client.happen(ended(1, 31.0, EndReason.FLUSH), final(1, "", "out of memory"))
    (outcome,) = client.said(COMPLETED, FAILED)
    assert outcome["transcript"] == "one"


def test_a_cut_in_a_pause_ends_the_item() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 34.0, EndReason.LIMIT))
    client.append(0.1)
    client.happen(final(0, "one"), events.SpeechStarted(0, 1, 34.0))
    kinds = [one["type"] for one in client.said()]
    assert kinds.count("input_audio_buffer.committed") == 1
    assert kinds.count("input_audio_buffer.speech_started") == 2


def test_silence_may_be_committed_and_is_empty() -> None:
    client = Client()
    client.append(0.5)
    client.send("input_audio_buffer.commit")
    (outcome,) = client.said(COMPLETED)
    assert (outcome["transcript"], outcome["usage"]["seconds"]) == ("", 0.5)


def test_silence_committed_while_a_final_is_owed_waits_for_its_turn() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 1.0))
    client.append(0.5)
    client.send("input_audio_buffer.commit")
    client.happen(final(0, "one"))
    assert [one["transcript"] for one in client.said(COMPLETED)] == ["one", ""]


def test_what_was_cleared_is_not_spoken_of() -> None:
    client = Client()
    client.append(1.0)
    client.happen(events.SpeechStarted(0, 0, 0.0))
    assert Flush(None) in client.send("input_audio_buffer.clear")
    client.happen(ended(0, 1.0, EndReason.FLUSH), events.SpeechStarted(0, 1, 1.0))
    client.happen(final(0, "secret"), ended(1, 2.0), final(1, "two"))
    told = client.said("input_audio_buffer.cleared", "input_audio_buffer.committed", COMPLETED)
    assert [one["type"].rpartition(".")[2] for one in told] == ["cleared", "committed", "completed"]
    assert told[-1]["transcript"] == "two"


def test_what_an_update_does_not_name_stays_and_null_is_off() -> None:
    client = Client()
    client.update(transcription={"model": "m", "language": "de"})
    client.update(turn_detection={"type": "server_vad", "silence_duration_ms": 700})
    client.update(transcription={"language": "en"}, turn_detection=None)
    told = [one["session"]["audio"]["input"] for one in client.said("session.updated")]
    assert told[1]["transcription"] == {"model": "m", "language": "de"}
    assert told[1]["turn_detection"]["silence_duration_ms"] == 700
    assert told[2]["transcription"] == {"model": "m", "language": "en"}
    assert told[2]["turn_detection"] is None


def test_before_the_first_audio_an_update_opens_the_stream_anew() -> None:
    client = Client()
    opened, _ = client.update(format={"type": "audio/pcmu"}, turn_detection=None)
    assert isinstance(opened, Open)
    assert (opened.settings.encoding, opened.settings.sample_rate) == ("mulaw", 8000)
    assert opened.settings.vad == "off"


def test_afterwards_it_changes_the_running_stream_if_that_can_be_done() -> None:
    client = Client()
    client.append(1.0)
    changed, _ = client.update(turn_detection={"type": "semantic_vad", "eagerness": "low"})
    assert isinstance(changed, Configure)
    assert changed.settings.endpoint_silence_ms == 1500


def test_where_another_stream_is_needed_times_go_on() -> None:
    client = Client()
    client.append(2.0)
    opened, _ = client.update(format={"type": "audio/pcma"})
    assert isinstance(opened, Open)
    assert opened.concludes
    client.happen(events.SpeechStarted(0, 0, 0.5), ended(0, 1.25), final(0, "one"))
    started, stopped = client.said(
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
    )
    assert (started["audio_start_ms"], stopped["audio_end_ms"]) == (2500, 3250)


def test_the_flat_session_of_the_beta_is_understood() -> None:
    client = Client()
    opened, told = client.send(
        "transcription_session.update",
        session={
            "input_audio_format": "g711_ulaw",
            "input_audio_transcription": {"model": "whisper-1", "language": "de"},
            "turn_detection": None,
        },
    )
    assert isinstance(opened, Open)
    assert (opened.settings.encoding, opened.settings.language) == ("mulaw", "de")
    assert isinstance(told, Say)
    assert told.message.type == "transcription_session.updated"


NICETIES: dict[str, Any] = {
    "noise_reduction": {"type": "far_field"},
    "turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000, "create_response": False},
    "transcription": {"model": "x", "prompt": "names", "delay": "low", "keywords": ["a"]},
    "surprise": {"deep": [1, 2]},
}


@pytest.mark.parametrize("name", NICETIES)
def test_a_nicety_that_cannot_be_had_is_no_error(name: str) -> None:
    client = Client()
    client.update(**{name: NICETIES[name]})
    assert client.said("error") == []


@pytest.mark.parametrize(
    ("audio_input", "parameter"),
    [
        ({"format": {"type": "audio/opus"}}, "session.audio.input.format"),
        ({"format": {"type": "audio/pcm", "rate": 4}}, "session.audio.input.format.audio/pcm.rate"),
        ({"turn_detection": {"type": "mind_reading"}}, "session.audio.input.turn_detection"),
        (
            {"transcription": {"language": "tlh"}},
            "session.audio.input.transcription.language",
        ),
    ],
)
def test_what_decides_over_the_text_is_refused_and_changes_nothing(
    audio_input: dict[str, Any], parameter: str
) -> None:
    client = Client()
    client.update(**audio_input)
    (error,) = client.said("error")
    assert error["error"]["param"] == parameter
    client.update()
    (told,) = client.said("session.updated")
    assert told["session"]["audio"]["input"]["format"]["rate"] == 24_000


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


@pytest.mark.parametrize(
    ("ending", "code"), [(SessionEnd.STOPPED, 1000), (SessionEnd.GOING_AWAY, 1012)]
)
def test_the_end_is_a_close_and_nothing_else(ending: SessionEnd, code: int) -> None:
    (close,) = Client().dialect.finished(events.Done(0.0, 0), ending)
    assert isinstance(close, Close)
    assert close.code == code


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
