"""Wyoming without a socket: events in, the server's actions and answers out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hosts import a_host

from streamer.protocols.dialect import Action, Close, Open, Reply, Say, SessionEnd
from streamer.protocols.wyoming.dialect import WyomingDialect
from streamer.protocols.wyoming.incremental import IncrementalTranscript
from streamer.protocols.wyoming.parser import WyomingParser
from streamer.session import events
from streamer.session.inputs import Audio, Stop
from streamer.speech.end_reason import EndReason

# As the client of Home Assistant wrote them (package wyoming 1.10.2).
FORMAT = b'{"rate": 16000, "width": 2, "channels": 1, "timestamp": null}'
LANGUAGE = b'{"language": "en"}'
STOP = b'{"timestamp": null}'
DESCRIBE = b'{"type": "describe", "version": "1.10.2"}\n'
TRANSCRIBE = b'{"type": "transcribe", "version": "1.10.2", "data_length": 18}\n' + LANGUAGE
AUDIO_START = b'{"type": "audio-start", "version": "1.10.2", "data_length": 61}\n' + FORMAT
AUDIO_STOP = b'{"type": "audio-stop", "version": "1.10.2", "data_length": 19}\n' + STOP


def audio_chunk(samples: bytes, data: bytes = FORMAT) -> bytes:
    header = {"type": "audio-chunk", "data_length": len(data), "payload_length": len(samples)}
    return json.dumps(header).encode() + b"\n" + data + samples


@pytest.fixture
def dialect() -> WyomingDialect:
    return WyomingDialect(a_host())


def said(dialect: WyomingDialect, actions: Iterable[Action | Reply]) -> list[dict[str, Any]]:
    """What goes over the wire."""
    text = "".join(dialect.encode(one.message) for one in actions if isinstance(one, Say))
    parsed = WyomingParser(0).feed(text.encode())
    return [{"type": event.type, **event.data} for event in parsed]


def final(number: int, text: str) -> events.Final:
    return events.Final(0, number, text, 0.0, 1.0, EndReason.SILENCE, "en", 0.9)


def test_a_recording_from_the_request_to_the_transcript(dialect: WyomingDialect) -> None:
    wire = TRANSCRIBE + AUDIO_START + audio_chunk(b"\x00\x40" * 1600) + AUDIO_STOP
    opened, *audio, stop = [*dialect.received(wire[:70]), *dialect.received(wire[70:])]
    assert isinstance(opened, Open)
    assert opened.settings.language == "en"
    samples = [np.frombuffer(one.data, "<f4") for one in audio if isinstance(one, Audio)]
    assert np.array_equal(np.concatenate(samples), np.full(1600, 0.5, np.float32))
    assert isinstance(stop, Stop)
    replies = [
        *dialect.happened(events.SpeechStarted(0, 0, 0.0)),
        *dialect.happened(events.Partial(0, 0, "hello the", 5, 0.0, 1.0)),
        *dialect.happened(final(0, "hello there")),
        *dialect.happened(final(1, "")),
        *dialect.happened(final(2, "friend")),
        *dialect.finished(events.Done(3.0, 3), SessionEnd.STOPPED),
    ]
    assert said(dialect, replies) == [
        {"type": "transcript-start", "language": "en"},
        {"type": "transcript-chunk", "text": "hello"},
        {"type": "transcript-chunk", "text": " there"},
        {"type": "transcript-chunk", "text": " friend"},
        {"type": "transcript", "text": "hello there friend", "language": "en"},
        {"type": "transcript-stop"},
    ]
    assert all(isinstance(one, Say) for one in replies), "the connection may bring another"
    assert isinstance(next(iter(dialect.received(AUDIO_START))), Open)


def test_silence_has_a_transcript_too(dialect: WyomingDialect) -> None:
    assert list(dialect.received(AUDIO_STOP))[-1:] == [Stop()]
    replies = dialect.finished(events.Done(0.0, 0), SessionEnd.STOPPED)
    assert {"type": "transcript", "text": "", "language": "en"} in said(dialect, replies)


def test_the_model_is_described(dialect: WyomingDialect) -> None:
    (told,) = said(dialect, dialect.received(DESCRIBE))
    (program,) = told["asr"]
    assert program["installed"]
    assert program["supports_transcript_streaming"]
    assert program["models"][0]["name"] == "counting"
    assert program["models"][0]["languages"] == ["en", "de"]


def test_pings_are_answered_and_unknown_events_dropped(dialect: WyomingDialect) -> None:
    wire = b'{"type":"run-satellite"}\n{"type":"ping","data":{"text":"x"}}\n{"type":"ping"}\n'
    assert said(dialect, dialect.received(wire)) == [
        {"type": "pong", "text": "x"},
        {"type": "pong", "text": None},
    ]


@pytest.mark.parametrize(("asked", "spoken"), [("de", "de"), ("de-AT", "de"), ("", "en")])
def test_a_language_may_have_a_country(asked: str, spoken: str, dialect: WyomingDialect) -> None:
    wire = json.dumps({"type": "transcribe", "data": {"language": asked}}).encode() + b"\n"
    (opened,) = [*dialect.received(wire), *dialect.received(AUDIO_START)]
    assert isinstance(opened, Open)
    assert opened.settings.language == spoken


@pytest.mark.parametrize(
    ("wire", "code", "text"),
    [
        (b"hello\n", "invalid-event", "the header is not JSON"),
        (b'{"type":"transcribe","data":{"language":"tlh"}}\n', "unsupported-language", "en, de"),
        (b'{"type":"audio-start","data":{"rate":16000}}\n', "invalid-event", "width: Field requ"),
        (
            b'{"type":"audio-start","data":{"rate":16000,"width":8,"channels":1}}\n',
            "invalid-event",
            "audio-start: width: Input should be less than or equal to 4",
        ),
        (AUDIO_STOP + AUDIO_START, "transcript-owed", "after the transcript of the one before"),
    ],
)
def test_what_cannot_be_honoured_is_an_error_and_the_end(
    wire: bytes, code: str, text: str, dialect: WyomingDialect
) -> None:
    actions = list(dialect.received(wire))
    (error,) = said(dialect, actions)
    assert (error["type"], error["code"]) == ("error", code)
    assert text in error["text"]
    assert isinstance(actions[-1], Close)
    assert list(dialect.received(DESCRIBE)) == [], "nothing is heard any more"


def test_a_chunk_needs_no_start_and_may_change_the_format(dialect: WyomingDialect) -> None:
    slower = b'{"rate": 8000, "width": 1, "channels": 2}'
    wire = audio_chunk(b"\0\0" * 16_000) + audio_chunk(b"\x80\x80" * 8000, slower) + AUDIO_STOP
    opened, *rest = dialect.received(wire)
    assert isinstance(opened, Open)
    assert sum(len(one.data) for one in rest if isinstance(one, Audio)) == 2 * 16_000 * 4


def test_who_hangs_up_is_forgotten_unless_a_transcript_is_owed(dialect: WyomingDialect) -> None:
    list(dialect.received(AUDIO_START + AUDIO_STOP))
    assert list(dialect.received(b"")) == []
    assert list(dialect.finished(events.Done(0.0, 0), SessionEnd.STOPPED))[-1] == Close(1000)
    other = WyomingDialect(a_host())
    assert list(other.received(AUDIO_START + b"")) != []
    assert list(other.received(b"")) == [Close(1000)]


def test_the_server_going_away_tells_what_it_has_heard(dialect: WyomingDialect) -> None:
    list(dialect.received(AUDIO_START))
    list(dialect.happened(final(0, "so far")))
    replies = list(dialect.finished(events.Done(0.0, 0), SessionEnd.GOING_AWAY))
    assert "so far" in [one.get("text") for one in said(dialect, replies)]
    assert replies[-1] == Close(1000)


def test_idleness_amid_a_recording_is_told(dialect: WyomingDialect) -> None:
    list(dialect.received(AUDIO_START))
    replies = list(dialect.finished(events.Done(0.0, 0), SessionEnd.IDLE))
    assert said(dialect, replies)[0]["code"] == "idle-timeout"
    assert replies[-1] == Close(1000)


def test_a_failing_engine_is_told_and_the_transcript_still_comes(dialect: WyomingDialect) -> None:
    list(dialect.received(AUDIO_START + AUDIO_STOP))
    replies = [
        *dialect.happened(final(0, "")),
        *dialect.happened(events.EngineFailed(0, 0, "the engine failed twice")),
        *dialect.finished(events.Done(1.0, 1), SessionEnd.STOPPED),
    ]
    kinds = [one["type"] for one in said(dialect, replies)]
    assert kinds == ["error", "transcript-start", "transcript", "transcript-stop"]


def test_words_of_the_next_utterance_wait_for_the_final_of_this() -> None:
    incremental = IncrementalTranscript("en")
    assert incremental.add_partial(events.Partial(0, 0, "one two", 3, 0, 1)) == "one"
    assert incremental.add_partial(events.Partial(0, 1, "three", 5, 2, 3)) == ""
    assert incremental.add_final(final(0, "one two")) == " two"
    assert incremental.add_partial(events.Partial(0, 1, "three", 5, 2, 3)) == " three"
    assert incremental.add_final(final(1, "three")) == ""
    assert incremental.text == "one two three"


def test_a_final_that_contradicts_is_in_the_text_alone() -> None:
    incremental = IncrementalTranscript("en")
    incremental.add_partial(events.Partial(0, 0, "recognise speech", 16, 0, 1))
    assert incremental.add_final(final(0, "wreck a nice beach")) == ""
    assert incremental.add_final(final(1, "again")) == " again"
    assert incremental.text == "wreck a nice beach again"


def test_japanese_has_no_spaces_between_utterances() -> None:
    incremental = IncrementalTranscript("ja")
    assert [incremental.add_final(final(0, "はい")), incremental.add_final(final(1, "どうぞ"))] == [
        "はい",
        "どうぞ",
    ]
    assert incremental.text == "はいどうぞ"
