"""Vonage's messages in, the server's actions and what is told of the call out; no socket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hosts import a_host
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers

from streamer.audio.encodings import Encoding
from streamer.protocols.dialect import Action, Close, Open, Publish, Result, SessionEnd
from streamer.protocols.door import Handshake, RefusalError
from streamer.protocols.vonage.dialect import VonageDialect
from streamer.protocols.vonage.door import DOOR
from streamer.session import events
from streamer.session.inputs import Audio


def connected(rate: int | str = 16_000, **headers: Any) -> str:
    first = {"event": "websocket:connected", "content-type": f"audio/l16;rate={rate}"}
    return json.dumps(first | headers)


def new(call: str | None = None) -> VonageDialect:
    return VonageDialect(a_host(session="session"), call)


def told(results: Iterable[Action | Result]) -> list[dict[str, Any]]:
    return [
        json.loads(one.message.model_dump_json()) for one in results if isinstance(one, Publish)
    ]


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000])
def test_a_call_from_its_first_message_to_its_audio(rate: int) -> None:
    dialect = new()
    opened, started = dialect.received(connected(rate, uuid="aa-bb", language="de", app="demo"))
    assert isinstance(opened, Open)
    assert opened.outlives_client
    form = opened.settings
    assert (form.encoding, form.sample_rate, form.channels) == (Encoding.PCM_S16LE, rate, 1)
    assert form.language == "de"
    (message,) = told([started])
    assert (message["call"], message["parameters"]["app"]) == ("aa-bb", "demo")
    assert list(dialect.received(bytes(640))) == [Audio(bytes(640))]


def test_what_is_wrong_with_the_audio_is_told_and_what_a_reader_does_wrong_is_not() -> None:
    dialect = new()
    list(dialect.received(connected()))
    codes = [events.WarningCode.UNLIKELY_AUDIO, events.WarningCode.AUDIO_AHEAD]
    results = [one for code in codes for one in dialect.happened(events.Warned(code, "words"))]
    (message,) = told(results)
    assert (message["type"], message["code"]) == ("warning", "unlikely_audio")
    assert (message["message"], message["seq"]) == ("words", 1)


def test_the_first_message_of_older_calls_has_no_event() -> None:
    (opened, _) = new().received('{"content-type": "audio/l16;rate=8000", "prop1": "x"}')
    assert isinstance(opened, Open)


def test_the_address_names_the_call_before_any_header() -> None:
    ((message,), other) = (
        told(new("from-the-address").received(connected(call="header"))),
        told(new().received(connected())),
    )
    assert message["call"] == "from-the-address"
    assert other[0]["call"] == "session"


def test_a_wish_that_cannot_be_had_costs_the_wish() -> None:
    opened, *rest = new().received(connected(language="xx", partials="perhaps"))
    assert isinstance(opened, Open)
    assert opened.settings.language == "en"
    started, *problems = told(rest)
    assert started["type"] == "started"
    assert {one["code"] for one in problems} == {"invalid_setting"}
    assert len(problems) == 2


@pytest.mark.parametrize("rate", [1000, "x", 96_000])
def test_audio_of_another_kind_is_refused(rate: int | str) -> None:
    problem, closed = new().received(connected(rate))
    assert "audio/l16;rate=16000" in told([problem])[0]["message"]
    assert isinstance(closed, Close)


def test_keys_are_told_with_their_time() -> None:
    dialect = new()
    list(dialect.received(connected(8000)))
    list(dialect.received(bytes(16_000)))
    (pressed,) = told(dialect.received('{"event":"websocket:dtmf","digit":"*","duration":260}'))
    assert (pressed["type"], pressed["digit"], pressed["at"]) == ("dtmf", "*", 1.0)


def test_audio_before_the_first_message_is_no_call() -> None:
    dialect = new()
    (closed,) = dialect.received(bytes(640))
    assert isinstance(closed, Close)
    assert list(dialect.received(connected())) == []


def test_the_end_is_told() -> None:
    dialect = new()
    list(dialect.received(connected()))
    results = list(dialect.finished(events.Done(1.0, 1), SessionEnd.GOING_AWAY))
    assert [one["type"] for one in told(results)] == ["ended"]
    assert isinstance(results[-1], Close)


def test_a_call_in_the_address_has_a_length() -> None:
    handshake = Handshake("/vonage", [("call", "x" * 300)], Headers(), [])
    with pytest.raises(RefusalError):
        DOOR.open(handshake, a_host())


@given(
    st.lists(st.binary(max_size=9) | st.text(max_size=30) | st.sampled_from([connected(), "{}"]))
)
def test_nothing_that_comes_is_an_error_of_ours(several: list[str | bytes]) -> None:
    dialect = new()
    for message in several:
        list(dialect.received(message))
