"""Twilio's messages in, the server's actions and what is told of the call out; no socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st
from phone import CALL, STREAM, media, start

from streamer.audio.encodings import Encoding
from streamer.protocols.dialect import Action, Close, Open, Publish, Result, SessionEnd
from streamer.protocols.twilio.dialect import TwilioDialect
from streamer.session import events
from streamer.session.inputs import Audio, Flush, Stop
from streamer.speech.end_reason import EndReason

TELNYX_START = json.dumps(
    {
        "event": "start",
        "sequence_number": "1",
        "stream_id": "32DE0DEA",
        "start": {
            "call_control_id": "v2:T02llQx",
            "custom_parameters": {"customer": "7"},
            "media_format": {"encoding": "PCMA", "sample_rate": 8000, "channels": 1},
        },
    }
)
EXOTEL_START = json.dumps(
    {
        "event": "start",
        "sequence_number": 1,
        "stream_sid": "ex1",
        "start": {
            "stream_sid": "ex1",
            "call_sid": "exotel-call",
            "media_format": {"encoding": "base64", "sample_rate": "8000", "bit_rate": "128kbps"},
        },
    }
)


@pytest.fixture
def dialect() -> TwilioDialect:
    return new()


def new() -> TwilioDialect:
    return TwilioDialect(a_host())


def told(results: Iterable[Action | Result]) -> list[dict[str, Any]]:
    """What is published, as it is written."""
    return [
        {"topic": one.topic, **json.loads(one.message.model_dump_json())}
        for one in results
        if isinstance(one, Publish)
    ]


def heard(actions: Iterable[Action]) -> bytes:
    return b"".join(one.data for one in actions if isinstance(one, Audio))


def final(channel: int, text: str, begin: float = 1.0) -> events.Final:
    return events.Final(channel, 3, text, begin, begin + 1, EndReason.SILENCE, "en", 0.9)


def test_a_call_of_two_tracks_from_start_to_end(dialect: TwilioDialect) -> None:
    assert list(dialect.received('{"event":"connected","protocol":"Call"}')) == []
    opened, started = dialect.received(start(customParameters={"language": "de", "agent": "Ann"}))
    assert isinstance(opened, Open)
    assert opened.outlives_client
    form = opened.settings
    assert (form.channels, form.encoding, form.sample_rate) == (2, Encoding.MULAW, 8000)
    assert form.language == "de"
    assert told([started]) == [
        {
            "topic": CALL,
            "type": "started",
            "call": CALL,
            "stream": STREAM,
            "seq": 0,
            "tracks": ["inbound", "outbound"],
            "language": "de",
            "parameters": {"language": "de", "agent": "Ann"},
        }
    ]
    assert heard(dialect.received(media("inbound", 0, b"\1" * 160))) == b""
    assert heard(dialect.received(media("outbound", 0, b"\2" * 160))) == b"\1\2" * 160
    assert list(dialect.received('{"event":"mark","mark":{"name":"1"}}')) == []
    *rest, stop = dialect.received('{"event":"stop","stop":{"callSid":"CA"}}')
    assert heard(rest) == b""
    assert isinstance(stop, Stop)
    (said,) = told(dialect.happened(final(1, "Guten Tag.")))
    assert (said["seq"], said["track"], said["channel"], said["text"]) == (
        1,
        "outbound",
        1,
        "Guten Tag.",
    )
    ended, close = dialect.finished(events.Done(0.02, 1), SessionEnd.STOPPED)
    assert isinstance(ended, Publish)
    assert ended.last
    assert told([ended])[0]["seq"] == 2
    assert close == Close(1000)


def test_partials_replace_each_other_and_are_not_kept(dialect: TwilioDialect) -> None:
    list(dialect.received(start()))
    (partial,) = dialect.happened(events.Partial(0, 3, "good", 0, 1.0, 1.5))
    (said,) = dialect.happened(final(0, "good day"))
    assert isinstance(partial, Publish)
    assert isinstance(said, Publish)
    assert partial.key is not None
    assert (said.key, said.instead_of) == (None, partial.key)
    assert "seq" not in told([partial])[0]


def test_one_track_is_one_channel(dialect: TwilioDialect) -> None:
    opened, *_ = dialect.received(start(tracks=("inbound",)))
    assert isinstance(opened, Open)
    assert opened.settings.channels == 1
    assert heard(dialect.received(media("inbound", 0, b"\1" * 160))) == b"\1" * 160
    assert heard(dialect.received(media("outbound", 0, b"\2" * 160))) == b""


def test_sequence_numbers_may_be_missing_or_wrong(dialect: TwilioDialect) -> None:
    list(dialect.received(start(tracks=("inbound",))))
    audio = b"".join(
        heard(dialect.received(media("inbound", number, bytes([number]) * 160, **more)))
        for number, more in [
            (0, {"sequenceNumber": "9"}),
            (2, {}),
            (1, {"sequenceNumber": "9"}),
            (3, {"sequenceNumber": "x"}),
        ]
    )
    assert audio == b"".join(bytes([number]) * 160 for number in range(4))


def test_telnyx_says_by_its_first_chunk_that_there_are_two_tracks(dialect: TwilioDialect) -> None:
    assert list(dialect.received(TELNYX_START)) == []
    chunk = {"track": "outbound", "chunk": "1", "timestamp": "5", "payload": "VVVV"}
    text = json.dumps({"event": "media", "sequence_number": "4", "stream_id": "3", "media": chunk})
    actions = list(dialect.received(text))
    assert isinstance(actions[0], Open)
    assert actions[0].settings.encoding is Encoding.ALAW
    assert actions[0].settings.channels == 2
    (started,) = told(actions)
    assert (started["call"], started["stream"]) == ("v2:T02llQx", "32DE0DEA")
    assert started["parameters"] == {"customer": "7"}


def test_exotel_sends_16_bit_pcm_of_one_track(dialect: TwilioDialect) -> None:
    assert list(dialect.received(EXOTEL_START)) == []
    samples = bytes(range(200)) * 8
    chunk = {"chunk": 2, "timestamp": "0", "payload": base64.b64encode(samples).decode()}
    text = json.dumps({"event": "media", "sequence_number": 3, "media": chunk, "stream_sid": "ex1"})
    actions = list(dialect.received(text))
    assert isinstance(actions[0], Open)
    form = actions[0].settings
    assert (form.encoding, form.channels, form.sample_rate) == (Encoding.PCM_S16LE, 1, 8000)
    assert heard(actions) == samples
    assert told(actions)[0]["call"] == "exotel-call"


def test_times_go_on_after_a_pause_that_was_not_sent(dialect: TwilioDialect) -> None:
    list(dialect.received(start(tracks=("inbound",))))
    for number in range(50):
        list(dialect.received(media("inbound", number, b"\1" * 160)))
    actions = list(dialect.received(media("inbound", 50 + 3000, b"\1" * 160)))
    assert any(isinstance(one, Flush) for one in actions), "what is said is not one utterance"
    assert len(heard(actions)) == 160, "a minute of silence is not made up"
    assert told(dialect.happened(final(0, "before", 0.0)))[0]["start"] == 0
    assert told(dialect.happened(final(0, "after", 0.95)))[0]["start"] == 60.95


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"mediaFormat": {"encoding": "audio/opus", "sampleRate": 48000}}, "audio/opus"),
        ({"mediaFormat": {"encoding": "audio/x-mulaw", "channels": 2}}, "2 channels"),
    ],
)
def test_what_cannot_be_honoured_is_told_and_the_stream_closed(
    dialect: TwilioDialect, fields: dict[str, Any], problem: str
) -> None:
    failed, close = dialect.received(start(**fields))
    assert isinstance(failed, Publish)
    assert failed.last
    (error,) = told([failed])
    assert (error["type"], error["code"]) == ("error", "invalid_setting")
    assert problem in error["message"]
    assert isinstance(close, Close)
    assert close.code == 1008
    assert list(dialect.received(media("inbound", 0, b"\1" * 160))) == []


def test_a_wish_that_cannot_be_had_costs_the_wish_and_not_the_call(
    dialect: TwilioDialect,
) -> None:
    wishes = {"language": "tlh", "endpoint_silence_ms": "7", "words": "true", "partials": "false"}
    opened, started, *denied = dialect.received(start(customParameters=wishes))
    assert isinstance(opened, Open)
    form = opened.settings
    assert (form.language, form.endpoint_silence_ms, form.words) == ("en", 600, False)
    assert not form.partials, "what can be had is"
    assert told([started])[0]["language"] == "en"
    errors = told(denied)
    assert {(one["type"], one["code"]) for one in errors} == {("error", "invalid_setting")}
    assert [one["seq"] for one in errors] == [1, 2, 3]
    said = "\n".join(one["message"] for one in errors)
    assert "language: is not a language of the loaded model; accepted: en, de" in said
    assert "endpoint_silence_ms" in said
    assert "words" in said
    assert heard(dialect.received(media("inbound", 0, b"\1" * 160))) == b""
    assert heard(dialect.received(media("outbound", 0, b"\2" * 160))) == b"\1\2" * 160


def test_a_language_may_name_its_region(dialect: TwilioDialect) -> None:
    opened, *_ = dialect.received(start(customParameters={"language": "de-AT"}))
    assert isinstance(opened, Open)
    assert opened.settings.language == "de"


def test_media_before_start_is_a_broken_protocol(dialect: TwilioDialect) -> None:
    (close,) = dialect.received(media("inbound", 0, b"\1" * 160))
    assert isinstance(close, Close)
    assert close.code == 1002


def test_an_engine_that_fails_is_told(dialect: TwilioDialect) -> None:
    list(dialect.received(start()))
    (failed,) = told(dialect.happened(events.EngineFailed(0, 3, "out of memory")))
    assert (failed["code"], failed["message"]) == ("engine_failed", "out of memory")


def test_a_stream_that_falls_silent_ends_with_a_reason(dialect: TwilioDialect) -> None:
    list(dialect.received(start()))
    results = list(dialect.finished(events.Done(1.0, 0), SessionEnd.IDLE))
    assert [one["type"] for one in told(results)] == ["error", "ended"]
    assert results[-1] == Close(1008, "idle timeout")


def test_what_comes_after_the_end_is_passed_over(dialect: TwilioDialect) -> None:
    assert list(dialect.finished(events.Done(0, 0), SessionEnd.GOING_AWAY)) == [
        Close(1012, "the server is going away")
    ]
    assert list(dialect.received(start())) == []
    assert list(dialect.received(media("inbound", 0, b"\1" * 160))) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["start", "media", "stop", "mark", "dtmf", "connected"]),
        "start": st.fixed_dictionaries(
            {},
            optional={
                "callSid": json_values,
                "tracks": json_values | st.just(["inbound", "outbound"]),
                "mediaFormat": json_values,
                "customParameters": json_values,
            },
        ),
        "media": st.fixed_dictionaries(
            {"payload": st.just("////") | json_values},
            optional={
                "track": st.sampled_from(["inbound", "outbound"]) | json_values,
                "timestamp": st.integers(0, 500) | json_values,
            },
        ),
    },
)


@settings(max_examples=80, deadline=None)
@given(st.lists(likely.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=9), max_size=6))
def test_no_message_makes_it_raise(received: list[str | bytes]) -> None:
    dialect = new()
    opened = False
    for message in [start(), *received] if len(received) % 2 else received:
        for action in dialect.received(message):
            opened = opened or isinstance(action, Open)
            assert opened or not isinstance(action, Audio | Flush | Stop)


def test_keys_are_told_with_their_time(dialect: TwilioDialect) -> None:
    key = '{"event":"dtmf","streamSid":"s","dtmf":{"track":"inbound_track","digit":"7"}}'
    assert list(dialect.received(key)) == []
    list(dialect.received(start(("inbound",))))
    for number in range(100):
        list(dialect.received(media("inbound", number, bytes(160))))
    (pressed,) = told(dialect.received(key))
    assert (pressed["type"], pressed["digit"]) == ("dtmf", "7")
    assert pressed["at"] == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("order", ["<i2", ">i2"])
def test_l16_is_heard_in_either_order(dialect: TwilioDialect, order: str) -> None:
    form = {"encoding": "L16", "sampleRate": 8000, "channels": 1}
    list(dialect.received(start(("inbound",), mediaFormat=form)))
    samples = np.sin(np.arange(1600) / 10) * 8000
    chunks = np.split(samples.astype(order), 10)
    audio = heard(
        action
        for number, chunk in enumerate(chunks)
        for action in dialect.received(media("inbound", number, chunk.tobytes()))
    )
    assert np.array_equal(np.frombuffer(audio, "<i2"), samples.astype("<i2"))
