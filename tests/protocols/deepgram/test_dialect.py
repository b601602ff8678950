"""Deepgram's live transcription without a socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from dialogues import conversation, played, said
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.protocols.deepgram.dialect import DeepgramDialect
from streamer.protocols.deepgram.options import parse_options
from streamer.protocols.dialect import Action, Close, Open, Say, SessionEnd
from streamer.session import events
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word

HOST = a_host()

# As the clients wrote them (deepgram-sdk 7.17.0).
SDK = (
    "channels=1&encoding=linear16&endpointing=300&interim_results=true&keyterm=streamer"
    "&keyterm=billing&language=en&model=nova-3&punctuate=true&sample_rate=16000&smart_format=true"
    "&utterance_end_ms=1000&vad_events=true"
)
STEREO = "channels=2&encoding=linear16&multichannel=true&sample_rate=8000&interim_results=true"


def dialect(query: str = SDK) -> DeepgramDialect:
    return DeepgramDialect(
        parse_options(parse_qsl(query), HOST), HOST, datetime(2026, 1, 1, tzinfo=UTC)
    )


def final(text: str, start: float, end: float, reason: EndReason, number: int = 0) -> events.Final:
    return events.Final(0, number, text, start, end, reason, "en", 0.9)


@pytest.mark.parametrize(("name", "query"), [("sdk", SDK), ("stereo", STEREO)])
def test_a_recorded_conversation_goes_as_it_went(name: str, query: str) -> None:
    recorded = conversation(Path(__file__).parent / f"{name}.jsonl")
    assert played(dialect(query), recorded) == recorded


def test_words_that_the_model_has_timed_are_passed_on() -> None:
    client = dialect()
    list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    timed = (Word("Hello,", 0.1234, 0.5, 0.71), Word("Bob's.", 0.6, 0.9, 1.0))
    heard = events.Final(0, 0, "Hello, Bob's.", 0.0, 1.0, EndReason.SILENCE, "en", 0.8, timed)
    (result,) = said(client, client.happened(heard))
    assert result["channel"]["alternatives"][0]["words"] == [
        {
            "word": "hello",
            "start": 0.123,
            "end": 0.5,
            "confidence": 0.71,
            "punctuated_word": "Hello,",
        },
        {
            "word": "bob's",
            "start": 0.6,
            "end": 0.9,
            "confidence": 1.0,
            "punctuated_word": "Bob's.",
        },
    ]


def test_an_interim_result_gives_way_to_newer_ones_and_to_the_final() -> None:
    client = dialect()
    list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    (interim,) = client.happened(events.Partial(0, 0, "hel", 0, 0.0, 0.5))
    (result,) = client.happened(final("hello", 0.0, 1.0, EndReason.SILENCE))
    assert isinstance(interim, Say)
    assert isinstance(result, Say)
    assert interim.key is not None
    assert result.instead_of == interim.key


def test_where_the_length_limit_cuts_the_speech_goes_on() -> None:
    client = dialect()
    told = list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    told += client.happened(events.SpeechEnded(0, 0, 34.0, EndReason.LIMIT))
    told += client.happened(events.SpeechStarted(0, 1, 34.0))
    told += client.happened(final("one", 0.0, 34.0, EndReason.LIMIT))
    started, result = said(client, told)
    assert started["type"] == "SpeechStarted"
    assert (result["is_final"], result["speech_final"]) == (True, False)


def test_without_endpointing_silence_ends_no_speech() -> None:
    client = dialect(SDK.replace("endpointing=300", "endpointing=false"))
    list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    (result,) = said(client, client.happened(final("one", 0.0, 2.0, EndReason.SILENCE)))
    assert (result["is_final"], result["speech_final"]) == (True, False)


def test_the_end_of_an_utterance_is_told_even_when_its_final_comes_late() -> None:
    client = dialect()
    told = list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    told += client.happened(events.SpeechEnded(0, 0, 1.0, EndReason.SILENCE))
    told += client.happened(events.SpeechStarted(0, 1, 2.5))
    told += client.happened(final("one", 0.0, 1.0, EndReason.SILENCE))
    kinds = [message["type"] for message in said(client, told)]
    assert kinds == ["SpeechStarted", "SpeechStarted", "Results", "UtteranceEnd"]


def test_an_utterance_without_words_has_no_end_to_tell() -> None:
    client = dialect()
    told: list[Action] = list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    told += client.happened(final("", 0.0, 1.0, EndReason.SILENCE))
    told += client.received(bytes(64_000 * 2))
    assert [message["type"] for message in said(client, told)] == ["SpeechStarted", "Results"]


def test_key_terms_cannot_be_had_and_features_are_let_pass() -> None:
    client = dialect()
    (failure,) = said(client, client.received('{"type":"Configure","keyterms":["a"]}'))
    assert failure["code"] == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
    (success,) = said(client, client.received('{"type":"Configure","features":{"numerals":true}}'))
    assert success == {"type": "ConfigureSuccess", "request_id": "s"}


def test_a_message_that_is_none_is_told_and_not_sent_back_whole() -> None:
    client = dialect()
    (error,) = said(client, client.received("x" * 10_000))
    assert (error["type"], error["variant"]) == ("Error", "SchemaError")
    assert len(error["message"]) == 200


def test_a_server_that_goes_away_says_metadata_first() -> None:
    client = dialect()
    told = list(client.finished(events.Done(1.5, 1), SessionEnd.GOING_AWAY))
    assert said(client, told)[0]["duration"] == 1.5
    assert isinstance(told[-1], Close)
    assert told[-1].code == 1012


odd_text = st.text(st.characters(), max_size=10)  # half surrogate pairs too
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner),
    max_leaves=5,
)
kinds = st.sampled_from(["KeepAlive", "Finalize", "CloseStream", "Configure", "Sing"])
nearly = st.fixed_dictionaries(
    {"type": kinds | anything}, optional={"keyterms": anything, "features": anything}
).map(json.dumps)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50) | st.text(max_size=50) | anything.map(json.dumps) | nearly))
def test_nothing_that_a_client_sends_makes_it_raise(messages: list[str | bytes]) -> None:
    client = dialect()
    opened = list(client.connected())
    assert [type(action) for action in opened] == [Open]
    for message in messages:
        said(client, client.received(message))


def test_the_end_of_an_utterance_is_told_before_the_speech_that_shows_it() -> None:
    client = dialect()
    list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    list(client.happened(final("one", 0.0, 1.0, EndReason.SILENCE)))
    told = said(client, client.happened(events.SpeechStarted(0, 1, 2.5)))
    assert [one["type"] for one in told] == ["UtteranceEnd", "SpeechStarted"]


def test_an_empty_result_has_no_confidence() -> None:
    client = dialect()
    list(client.happened(events.SpeechStarted(0, 0, 0.0)))
    (result,) = said(client, client.happened(final("", 0.0, 1.0, EndReason.SILENCE)))
    assert result["channel"]["alternatives"][0]["confidence"] == 0.0


def test_a_finalize_where_nothing_is_open_is_answered_without_confidence() -> None:
    client = dialect()
    list(client.connected())
    list(client.received(json.dumps({"type": "Finalize"})))
    (result,) = said(client, client.happened(events.Flushed(None)))
    assert result["from_finalize"]
    assert result["channel"]["alternatives"][0]["confidence"] == 0.0


def test_times_have_three_decimals() -> None:
    client = dialect()
    (started,) = said(client, client.happened(events.SpeechStarted(0, 0, 0.12345)))
    (result,) = said(client, client.happened(final("one", 0.12345, 1.98765, EndReason.STOP)))
    assert started["timestamp"] == 0.123
    assert (result["start"], result["duration"]) == (0.123, 1.864)
