"""Asterisk's frames in, the server's actions and what is told of the call out; no socket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from asterisk import CALL, HANG_UP, frame, uuid_frame, voice_frames
from hosts import a_host
from hypothesis import given
from hypothesis import strategies as st
from sounds import voice

from streamer.protocols.audiosocket.dialect import HANDSHAKE_S, AudioSocketDialect
from streamer.protocols.audiosocket.parser import RATES
from streamer.protocols.dialect import Action, Close, Open, Publish, Result, SessionEnd
from streamer.session import events
from streamer.session.inputs import Audio, Stop
from streamer.speech.end_reason import EndReason


def new() -> AudioSocketDialect:
    return AudioSocketDialect(a_host())


def begun() -> AudioSocketDialect:
    dialect = new()
    list(dialect.received(uuid_frame()))
    return dialect


def told(results: Iterable[Action | Result]) -> list[dict[str, Any]]:
    return [
        {"topic": one.topic, **json.loads(one.message.model_dump_json())}
        for one in results
        if isinstance(one, Publish)
    ]


def heard(actions: Iterable[Action]) -> np.ndarray[Any, Any]:
    audio = b"".join(one.data for one in actions if isinstance(one, Audio))
    return np.frombuffer(audio, np.float32)


def test_a_call_is_published_under_its_uuid() -> None:
    dialect = new()
    opened, started = dialect.received(uuid_frame())
    assert isinstance(opened, Open)
    assert opened.outlives_client
    assert (opened.settings.sample_rate, opened.settings.channels) == (16_000, 1)
    (message,) = told([started])
    assert message["topic"] == message["call"] == str(CALL)
    assert (message["type"], message["tracks"]) == ("started", ["inbound"])
    final = events.Final(0, 0, "Hello.", 1.0, 2.0, EndReason.SILENCE, "en", 0.9)
    (said,) = told(dialect.happened(final))
    assert (said["text"], said["track"], said["topic"]) == ("Hello.", "inbound", str(CALL))


def test_bytes_that_are_no_samples_are_told_once() -> None:
    dialect = begun()
    floats = np.tile(voice(1.0), 3).astype("<f4").tobytes()
    (told_of,) = told(
        action
        for at in range(0, len(floats), 3200)
        for action in dialect.received(frame(0x10, floats[at : at + 3200]))
    )
    assert (told_of["type"], told_of["code"]) == ("warning", "unlikely_audio")
    assert "32-bit floats" in told_of["message"]
    other = begun()
    assert not told(one for each in voice_frames(voice(3.0)) for one in other.received(each))


@pytest.mark.parametrize(("kind", "rate"), RATES.items())
def test_every_rate_becomes_what_a_session_hears(kind: int, rate: int) -> None:
    sound = voice(1.0)
    dialect = begun()
    actions = [
        action
        for one in [*voice_frames(sound, kind, rate), HANG_UP]
        for action in dialect.received(one)
    ]
    assert isinstance(actions[-1], Stop)
    samples = heard(actions)
    assert abs(len(samples) - len(sound)) < 400
    assert np.sqrt(np.mean(samples**2)) > 0.3 * np.sqrt(np.mean(sound**2))


def test_a_rate_may_change_on_the_way() -> None:
    dialect = begun()
    frames = [*voice_frames(voice(0.5)), *voice_frames(voice(0.5), 0x12, 16_000), HANG_UP]
    samples = heard(action for one in frames for action in dialect.received(one))
    assert abs(len(samples) - 16_000) < 400


def test_keys_are_told_with_their_time() -> None:
    dialect = begun()
    for one in voice_frames(np.zeros(16_000, np.float32)):
        list(dialect.received(one))
    (pressed,) = told(dialect.received(frame(0x03, b"5")))
    assert (pressed["type"], pressed["digit"]) == ("dtmf", "5")
    assert pressed["at"] == pytest.approx(1.0, abs=0.1)
    assert list(dialect.received(frame(0x03, b"\xff") + frame(0x03, b""))) == []


@pytest.mark.parametrize("ends", [HANG_UP, b"", frame(0xFF, b"\x01"), frame(0xFF)])
def test_a_hang_up_however_it_is_said_ends_the_call(ends: bytes) -> None:
    dialect = begun()
    actions = list(dialect.received(ends))
    assert told(actions) == []
    assert isinstance(actions[-1], Stop)
    results = list(dialect.finished(events.Done(1.0, 1), SessionEnd.STOPPED))
    assert [one["type"] for one in told(results)] == ["ended"]
    assert results[-1] == Close(1000)
    assert list(dialect.received(b"")) == []


def test_an_error_of_asterisks_is_told() -> None:
    actions = list(begun().received(frame(0xFF, b"\x02")))
    (problem,) = told(actions)
    assert (problem["code"], problem["message"]) == ("caller_failed", "Asterisk's error 0x02")
    assert isinstance(actions[-1], Stop)


def test_a_call_that_says_nothing_for_long_is_told_why_it_ends() -> None:
    results = list(begun().finished(events.Done(1.0, 1), SessionEnd.IDLE))
    assert [one.get("code", one["type"]) for one in told(results)] == ["idle_timeout", "ended"]


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n" * 2000, frame(0x10, bytes(320)), HANG_UP])
def test_what_does_not_begin_with_a_uuid_is_no_call(first: bytes) -> None:
    dialect = new()
    (closed,) = dialect.received(first)
    assert isinstance(closed, Close)
    assert list(dialect.received(uuid_frame())) == []


def test_who_never_says_whose_call_it_is_gives_up_its_place() -> None:
    dialect = new()
    assert dialect.grace_s == HANDSHAKE_S
    (closed,) = dialect.waited()
    assert isinstance(closed, Close)


@given(
    st.lists(st.binary(max_size=60) | st.builds(frame, st.integers(0, 255), st.binary(max_size=9)))
)
def test_nothing_that_comes_is_an_error_of_ours(messages: list[bytes]) -> None:
    dialect = begun()
    for message in messages:
        list(dialect.received(message))
