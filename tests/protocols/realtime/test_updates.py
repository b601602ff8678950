"""What a session update of the Realtime API changes, and what it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from protocols.realtime.client import Client, ended, final
from toy_turns import INFO

from streamer.protocols.dialect import Open, Say
from streamer.session import events
from streamer.session.inputs import Configure
from streamer.turns.waits import TurnPolicy


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


@pytest.mark.parametrize(
    ("eagerness", "policy"),
    [
        ("high", TurnPolicy(0.05, 200, 1000)),
        ("medium", TurnPolicy(0.2, 500, 1000)),
        ("auto", TurnPolicy(0.2, 500, 1000)),
        ("low", TurnPolicy(0.09, 700, 3000)),
    ],
)
def test_semantic_vad_asks_the_turn_model(eagerness: str, policy: TurnPolicy) -> None:
    client = Client(turns=INFO)
    semantic = {"type": "semantic_vad", "eagerness": eagerness}
    opened, _ = client.update(turn_detection=semantic)
    assert isinstance(opened, Open)
    assert opened.settings.turn_policy == policy
    unknown, _ = client.update(turn_detection=semantic, transcription={"language": "de"})
    assert isinstance(unknown, Open)
    assert unknown.settings.turn_policy is None


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
