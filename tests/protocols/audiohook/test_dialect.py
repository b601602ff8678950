"""AudioHook's messages in, the server's actions and answers out; no socket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from audiohook_client import NOBODY, media
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.audio.encodings import Encoding
from streamer.protocols.audiohook.dialect import AudioHookDialect
from streamer.protocols.dialect import Action, Close, Open, Say, SessionEnd
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word

SESSION = "709f2f74-6d0c-4d6f-8f0f-7b4a2b4f6c11"
OPEN: dict[str, Any] = {
    "organizationId": "cf00e2ed-6d2b-4e1b-9e2a-7e4e3c1b9a55",
    "conversationId": "a9505bd3-6ae2-4d2c-9a1e-3c8a0a1f2b33",
    "participant": {
        "id": "2f3c0b2a-58b8-44cc-b2f7-01a1f4a5d6e7",
        "ani": "+1-555-555-1234",
        "aniName": "John Doe",
        "dnis": "+1-800-555-6789",
    },
    "media": [media(["external", "internal"]), media(["external"]), media(["internal"])],
}


class Talk:
    """A client that counts its messages."""

    def __init__(self) -> None:
        self.dialect = AudioHookDialect(a_host())
        self.seq = 0

    def send(self, kind: str, /, seq: int | None = None, **parameters: Any) -> list[Action]:
        self.seq = self.seq + 1 if seq is None else seq
        message = {
            "version": "2",
            "type": kind,
            "id": SESSION,
            "seq": self.seq,
            "serverseq": 0,
            "position": "PT0S",
            "parameters": parameters,
        }
        return list(self.dialect.received(json.dumps(message)))

    def said(self, actions: Iterable[object]) -> list[dict[str, Any]]:
        return [
            json.loads(self.dialect.encode(one.message)) for one in actions if isinstance(one, Say)
        ]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def final(channel: int = 0, text: str = "hello there", begin: float = 1.0) -> events.Final:
    words = (Word("hello", begin, begin + 0.5, 0.9), Word("there", begin + 0.5, begin + 1, 0.8))
    return events.Final(
        channel, 3, text, begin, begin + 1, EndReason.SILENCE, "en", 0.85, words if text else ()
    )


def test_a_call_from_open_to_closed(talk: Talk) -> None:
    opened = talk.send("open", **OPEN)
    assert isinstance(opened[0], Open)
    form = opened[0].settings
    assert (form.encoding, form.sample_rate, form.channels) == (Encoding.MULAW, 8000, 2)
    assert not form.partials
    assert talk.said(opened) == [
        {
            "version": "2",
            "id": SESSION,
            "type": "opened",
            "seq": 1,
            "clientseq": 1,
            "parameters": {"media": [media(["external", "internal"])], "startPaused": False},
        }
    ]
    assert list(talk.dialect.received(b"\xff" * 3200)) == [Audio(b"\xff" * 3200)]
    (pong,) = talk.said(talk.send("ping", rtt="PT0.05S"))
    assert (pong["type"], pong["seq"], pong["clientseq"]) == ("pong", 2, 2)
    (event,) = talk.said(talk.dialect.happened(final(1)))
    (entity,) = event["parameters"]["entities"]
    assert entity["type"] == "transcript"
    assert len(entity["data"].pop("id")) == 36
    assert entity["data"] == {
        "channelId": "internal",
        "isFinal": True,
        "offset": "PT1.000S",
        "duration": "PT1.000S",
        "alternatives": [
            {
                "confidence": 0.85,
                "interpretations": [
                    {
                        "type": "display",
                        "transcript": "hello there",
                        "tokens": [
                            {
                                "type": "word",
                                "value": value,
                                "confidence": confidence,
                                "offset": offset,
                                "duration": "PT0.500S",
                            }
                            for value, confidence, offset in [
                                ("hello", 0.9, "PT1.000S"),
                                ("there", 0.8, "PT1.500S"),
                            ]
                        ],
                    }
                ],
            }
        ],
    }
    assert talk.send("close", reason="end") == [Stop()]
    closed, close = talk.dialect.finished(events.Done(2.0, 1), SessionEnd.STOPPED)
    assert talk.said([closed])[0] == {
        "version": "2",
        "id": SESSION,
        "type": "closed",
        "seq": 4,
        "clientseq": 3,
        "parameters": {},
    }
    assert close == Close(1000)


def test_a_pong_answers_its_own_ping_however_late_it_is_sent(talk: Talk) -> None:
    pings = [*talk.send("ping"), *talk.send("ping")]
    assert [pong["clientseq"] for pong in talk.said(pings)] == [1, 2]


def test_silence_is_not_told(talk: Talk) -> None:
    talk.send("open", **OPEN)
    assert list(talk.dialect.happened(final(text=""))) == []


def test_a_probe_is_opened_whatever_it_offers(talk: Talk) -> None:
    probe: dict[str, Any] = OPEN | {
        "conversationId": NOBODY,
        "participant": {"id": NOBODY},
        "media": [],
    }
    (opened,) = talk.said(talk.send("open", **probe))
    assert opened["parameters"]["media"] == []
    assert talk.send("close", reason="end") == [Stop()]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"media": [media(["external"]) | {"format": "L16"}]}, "PCMU"),
        ({"media": []}, "PCMU"),
        ({"participant": None}, "parameters.participant"),
        ({"media": "loud"}, "parameters.media"),
    ],
)
def test_what_cannot_be_honoured_is_told_and_the_client_asked_to_close(
    talk: Talk, change: dict[str, Any], problem: str
) -> None:
    (told,) = talk.said(talk.send("open", **OPEN | change))
    assert (told["type"], told["parameters"]["reason"]) == ("disconnect", "error")
    assert problem in told["parameters"]["info"]
    assert list(talk.dialect.received(b"\xff" * 320)) == []
    closed, close = talk.send("close", reason="disconnect")
    assert talk.said([closed])[0]["type"] == "closed"
    assert close == Close(1000)


@pytest.mark.parametrize("seq", [0, 1, 3, -1])
def test_a_seq_that_is_not_one_more_is_an_error(talk: Talk, seq: int) -> None:
    talk.send("open", **OPEN)
    (told,) = talk.said(talk.send("ping", seq))
    assert told["type"] == "disconnect"
    assert "seq must be 2" in told["parameters"]["info"]
    assert talk.send("close", 9, reason="error") == [Stop()], "what was heard is still told"


def test_languages_may_change(talk: Talk) -> None:
    opened, _ = talk.send("open", **OPEN, language="en-US")
    assert isinstance(opened, Open)
    assert opened.settings.language == "en"
    changed, updated = talk.send("update", language="de-DE")
    assert isinstance(changed, Configure)
    assert changed.settings.language == "de"
    assert talk.said([updated])[0]["type"] == "updated"
    (updated,) = talk.send("update", language="fr-FR")
    assert talk.said([updated])[0]["type"] == "updated", "to disconnect would be worse"


def test_a_language_that_is_not_to_be_had_costs_the_wish_and_not_the_call(talk: Talk) -> None:
    opened, said = talk.send("open", **OPEN, language="fr-FR")
    assert isinstance(opened, Open)
    assert opened.settings.language == "en"
    (told,) = talk.said([said])
    assert told["type"] == "opened"
    assert told["parameters"]["supportedLanguages"] == ["en", "de"]


def test_audio_that_was_left_out_counts_in_times(talk: Talk) -> None:
    talk.send("open", **OPEN)
    list(talk.dialect.received(b"\xff" * 2 * 8000))
    assert talk.send("paused") == [Flush(None)]
    assert talk.send("resumed", start="PT1S", discarded="PT10.5S") == [Flush(None)]
    list(talk.dialect.received(b"\xff" * 2 * 8000))
    assert talk.send("discarded", start="PT12.5S", discarded="PT1S") == [Flush(None)]

    def offset(begin: float) -> str:
        (event,) = talk.said(talk.dialect.happened(final(begin=begin)))
        return event["parameters"]["entities"][0]["data"]["offset"]

    assert [offset(at) for at in (0, 0.95, 2.5)] == ["PT0.000S", "PT11.450S", "PT14.000S"]
    assert talk.send("resumed", start="PT3S", discarded="PT0S") == [], "time never goes back"


def test_what_comes_after_the_end_is_passed_over(talk: Talk) -> None:
    told, close = talk.dialect.finished(events.Done(0, 0), SessionEnd.GOING_AWAY)
    assert talk.said([told])[0]["type"] == "disconnect"
    assert isinstance(close, Close)
    assert talk.send("open", **OPEN) == []
    assert list(talk.dialect.received(b"\xff" * 320)) == []


def test_what_is_newer_than_we_are_is_passed_over(talk: Talk) -> None:
    talk.send("open", **OPEN)
    assert talk.send("dtmf", digit="1") == []
    assert talk.send("error", code=429, message="slow down") == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version":"1"}', '{"version":"2","type":"ping"}', "x" * 70_000]
)
def test_what_is_no_message_is_an_error(talk: Talk, text: str) -> None:
    (told,) = talk.said(talk.dialect.received(text))
    assert told["type"] == "disconnect"
    assert told["parameters"]["info"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
durations = st.sampled_from(["PT1S", "PT0.5S", "PT.5S", "PT999999999S", "P1D", "PTS"]) | json_values
kinds = st.sampled_from(
    ["open", "close", "ping", "paused", "resumed", "discarded", "update", "error", "else"]
)
parameters = st.dictionaries(
    st.sampled_from(["start", "discarded", "language", "media", "participant"]),
    durations | st.just([media(["external"])]),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(st.booleans(), st.lists(st.tuples(kinds, parameters) | st.binary(max_size=9), max_size=6))
def test_no_message_makes_it_raise_or_act_before_it_is_open(
    opens: bool, sent: list[tuple[str, dict[str, Any]] | bytes]
) -> None:
    talk = Talk()
    actions = talk.send("open", **OPEN) if opens else []
    for one in sent:
        if isinstance(one, bytes):
            actions += talk.dialect.received(one)
        else:
            kind, given_parameters = one
            actions += talk.send(kind, **(OPEN | given_parameters))
    opened = False
    for action in actions:
        opened = opened or isinstance(action, Open)
        assert opened or not isinstance(action, Audio | Flush | Stop | Configure)
    seqs = [message["seq"] for message in talk.said(actions)]
    assert seqs == list(range(1, len(seqs) + 1))
