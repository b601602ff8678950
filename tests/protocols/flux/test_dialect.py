"""Flux without a socket: the order of its events, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from dialogues import said
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_turns import INFO

from streamer.protocols.dialect import Action, Close, Open, Result, Say, SessionEnd
from streamer.protocols.flux.dialect import FluxDialect
from streamer.protocols.flux.options import parse_options
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.speech.end_reason import EndReason

QUERY = "model=flux-general-en&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.5"
SECOND = bytes(32_000)


class Client:
    """A client of Flux, and everything that it was told."""

    def __init__(self, query: str = QUERY, *, turns: bool = True) -> None:
        host = a_host(turns=INFO if turns else None)
        self.dialect = FluxDialect(parse_options(parse_qsl(query), host), host)
        self.told: list[dict[str, Any]] = []
        self.take(self.dialect.connected())

    def take(self, actions: Iterable[Action | Result]) -> list[Action | Result]:
        taken = list(actions)
        self.told += said(self.dialect, taken)
        return [one for one in taken if not isinstance(one, Say | Audio)]

    def happen(self, *happened: events.Event) -> None:
        for event in happened:
            self.take(self.dialect.happened(event))

    def audio(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.05)):
            self.take(self.dialect.received(bytes(1600)))

    def send(self, kind: str, **fields: Any) -> list[Action | Result]:
        return self.take(self.dialect.received(json.dumps({"type": kind, **fields})))

    @property
    def turns(self) -> list[tuple[str, int, str]]:
        """What each event said of which turn, updates aside."""
        infos = [one for one in self.told if one["type"] == "TurnInfo"]
        return [
            (one["event"], one["turn_index"], one["transcript"])
            for one in infos
            if one["event"] != "Update"
        ]


def started(number: int = 0, at: float = 0.0) -> events.SpeechStarted:
    return events.SpeechStarted(0, number, at)


def partial(text: str, number: int = 0, end: float = 1.0) -> events.Partial:
    return events.Partial(0, number, text, 0, 0.0, end, 0.9)


def paused(text: str, probability: float = 0.9, number: int = 0) -> events.TurnPaused:
    return events.TurnPaused(0, number, 1.0, probability, text, 0.9)


def resumed(number: int = 0) -> events.TurnResumed:
    return events.TurnResumed(0, number, 1.5)


def final(
    text: str, reason: EndReason = EndReason.TURN, number: int = 0, end: float = 1.0
) -> events.Final:
    return events.Final(0, number, text, 0.0, end, reason, "en", 0.9)


def test_a_turn_from_its_first_words_to_its_end() -> None:
    client = Client()
    assert client.told == [{"type": "Connected", "request_id": "s", "sequence_id": 0}]
    client.happen(started())
    client.audio(0.5)
    client.happen(partial("Hello"), paused("Hello, you."), final("Hello, you."))
    assert client.turns == [
        ("StartOfTurn", 0, "Hello"),
        ("EagerEndOfTurn", 0, "Hello, you."),
        ("EndOfTurn", 0, "Hello, you."),
    ]
    end = client.told[-1]
    assert (end["trigger"], end["end_of_turn_confidence"]) == ("model", 0.7)
    assert [word["word"] for word in end["words"]] == ["Hello,", "you."]
    assert all(0 <= word["confidence"] <= 1 for word in end["words"])
    assert [one["sequence_id"] for one in client.told] == list(range(4))
    client.happen(started(1), partial("Again", 1), final("Again.", number=1))
    assert client.turns[-1] == ("EndOfTurn", 1, "Again.")


def test_updates_come_each_quarter_second_of_audio_in_a_turn_and_at_no_other_time() -> None:
    client = Client()
    client.audio(1.0)
    client.happen(started(), partial("Hello"))
    client.audio(1.0)
    updates = [one for one in client.told if one.get("event") == "Update"]
    assert [one["audio_window_end"] for one in updates] == [1.25, 1.5, 1.75, 2.0]
    assert {one["transcript"] for one in updates} == {"Hello"}
    client.happen(final("Hello."))
    client.audio(1.0)
    assert len([one for one in client.told if one.get("event") == "Update"]) == 4


def test_of_compressed_audio_its_events_tell_the_time() -> None:
    client = Client("model=flux-general-en")
    client.happen(started(), partial("Hello", end=1.0))
    client.audio(0.3)
    client.happen(events.Acknowledged(2.0))
    client.audio(0.3)
    updates = [one for one in client.told if one.get("event") == "Update"]
    assert [one["audio_window_end"] for one in updates] == [2.0]


def test_a_slow_client_gets_the_newest_update_alone() -> None:
    client = Client()
    client.happen(started(), partial("Hello"))
    _, update = client.dialect.received(SECOND)
    (end,) = client.dialect.happened(final("Hello."))
    assert isinstance(update, Say)
    assert isinstance(end, Say)
    assert update.key == end.instead_of


def test_who_speaks_again_has_resumed_and_eager_is_told_anew() -> None:
    client = Client()
    client.happen(started(), partial("One"), paused("One."), resumed(), partial("One two"))
    client.happen(paused("One two.", 0.4), resumed(), paused("One two three."))
    client.happen(final("One two three."))
    assert [event for event, _, _ in client.turns] == [
        "StartOfTurn",
        "EagerEndOfTurn",
        "TurnResumed",
        "EagerEndOfTurn",
        "EndOfTurn",
    ]


def test_an_end_that_says_something_else_than_the_eager_one_is_a_resumed_turn() -> None:
    client = Client()
    client.happen(started(), partial("One"), paused("One."), final("One two."))
    assert client.turns[1:] == [
        ("EagerEndOfTurn", 0, "One."),
        ("TurnResumed", 0, "One two."),
        ("EndOfTurn", 0, "One two."),
    ]


def test_without_an_eager_threshold_neither_is_told() -> None:
    client = Client(QUERY.partition("&eager")[0])
    client.happen(started(), partial("One"), paused("One."), resumed(), final("One."))
    assert [event for event, _, _ in client.turns] == ["StartOfTurn", "EndOfTurn"]


def test_noise_without_words_is_no_turn() -> None:
    client = Client()
    client.happen(started(), paused(""), final(""))
    client.audio(1.0)
    assert client.turns == []
    client.happen(started(1), final("Well.", number=1))
    assert client.turns == [("StartOfTurn", 0, "Well."), ("EndOfTurn", 0, "Well.")]


def test_an_utterance_that_the_limit_cut_is_part_of_its_turn() -> None:
    client = Client()
    client.happen(started(), partial("One"), started(1, at=30.0), partial("two", 1))
    client.happen(
        final("One", EndReason.LIMIT, end=30.0), partial("two", 1), final("two.", number=1)
    )
    assert client.turns == [("StartOfTurn", 0, "One"), ("EndOfTurn", 0, "One two.")]
    client.happen(started(2, 40.0), partial("Three", 2), final("Three", EndReason.LIMIT, 2, 70.0))
    assert client.turns[-1] == ("EndOfTurn", 1, "Three")


def test_who_forces_the_end_gets_it() -> None:
    client = Client()
    client.happen(started(), partial("One"))
    assert client.send("ForceEndTurn") == [Flush(None)]
    client.happen(final("One.", EndReason.FLUSH), events.Flushed(None))
    assert client.told[-1]["trigger"] == "manual"
    client.send("ForceEndTurn")
    client.happen(events.Flushed(None))
    assert client.told[-1]["event"] == "EndOfTurn"


@pytest.mark.parametrize(
    ("query", "probability", "trigger"),
    [
        ("", 0.9, "model"),
        ("&eot_threshold=1.0", 0.9, "timeout"),
        ("&eot_timeout_ms=900", 0.1, "timeout"),
    ],
)
def test_what_ended_a_turn_is_told(query: str, probability: float, trigger: str) -> None:
    client = Client(QUERY + query)
    client.happen(started(), partial("One"), paused("One.", probability), final("One."))
    assert client.told[-1]["trigger"] == trigger


def test_closing_ends_the_open_turn_and_then_the_stream() -> None:
    client = Client()
    client.happen(started(), partial("One"))
    assert client.send("CloseStream") == [Stop()]
    client.happen(final("One.", EndReason.STOP))
    assert client.told[-1]["trigger"] == "manual"
    done = events.Done(1.0, 1)
    assert client.take(client.dialect.finished(done, SessionEnd.STOPPED)) == [Close(1000)]
    (closed,) = client.take(client.dialect.finished(done, SessionEnd.IDLE))
    assert isinstance(closed, Close)
    assert closed.code == 1011
    assert client.told[-1]["type"] == "Error"


def test_thresholds_change_and_are_told_as_they_are() -> None:
    client = Client()
    (changed,) = client.send("Configure", thresholds={"eot_threshold": 0.8})
    assert isinstance(changed, Configure)
    assert changed.settings.endpoint_silence_ms == 600
    assert client.told[-1]["type"] == "ConfigureSuccess"
    assert client.told[-1]["thresholds"] == {
        "eot_threshold": 0.8,
        "eager_eot_threshold": 0.5,
        "eot_timeout_ms": 5000,
    }
    client.send("Configure", keyterms=[], profanity_filter=False)
    assert client.told[-1]["type"] == "ConfigureSuccess"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"thresholds": {"eot_threshold": 2}}, "INVALID_THRESHOLD"),
        ({"thresholds": {"confidence": 0.5}}, "INVALID_THRESHOLD"),
        ({"keyterms": ["a"]}, "KEYTERMS_NOT_SUPPORTED"),
        ({"profanity_filter": True}, "PROFANITY_FILTER_NOT_SUPPORTED"),
        ({"language_hints": ["de"]}, "INVALID_LANGUAGE_HINT"),
    ],
)
def test_what_cannot_be_configured_changes_nothing(asked: dict[str, Any], code: str) -> None:
    client = Client()
    assert client.send("Configure", **asked) == []
    told = client.told[-1]
    assert (told["type"], told["code"], told["error_code"]) == ("ConfigureFailure", code, code)


def test_hints_of_languages_are_told_with_the_turns_and_may_change() -> None:
    client = Client(QUERY.replace("-en", "-multi") + "&language_hint=de")
    client.happen(started(), partial("Ja"))
    assert (client.told[-1]["languages"], client.told[-1]["languages_hinted"]) == (["de"], ["de"])
    client.send("Configure", language_hints=["en"])
    assert client.told[-1]["language_hints"] == ["en"]
    client.send("Configure", language_hints=["fr"])
    assert client.told[-1]["type"] == "ConfigureFailure"


def test_a_sign_of_life_is_taken_and_nonsense_is_warned_of() -> None:
    client = Client()
    assert client.send("KeepAlive") == []
    assert len(client.told) == 1
    for nonsense in ("Finalize", "no"):
        client.send(nonsense)
        assert client.told[-1]["type"] == "Warning"
    client.take(client.dialect.received("{"))
    assert client.told[-1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"


def test_what_is_not_to_be_had_is_told_at_the_start() -> None:
    client = Client(QUERY + "&keyterm=streamer", turns=False)
    assert [one.get("code") for one in client.told] == [
        None,
        "KEYTERMS_NOT_SUPPORTED",
        "TURN_MODEL_ABSENT",
    ]
    opened, *_ = client.dialect.connected()
    assert isinstance(opened, Open)


UTTERANCE = st.lists(
    st.sampled_from(["partial", "paused", "resumed", "audio"]) | st.just("audio"), max_size=8
)
REASONS = st.sampled_from(list(EndReason))


@settings(max_examples=100)
@given(utterances=st.lists(st.tuples(UTTERANCE, REASONS, st.sampled_from(["", "a", "a b"]))))
def test_every_start_has_its_end_and_numbers_have_no_gap(
    utterances: list[tuple[list[str], EndReason, str]],
) -> None:
    client = Client()
    for number, (happenings, reason, text) in enumerate(utterances):
        client.happen(started(number))
        for kind in happenings:
            match kind:
                case "partial":
                    client.happen(partial("a", number))
                case "paused":
                    client.happen(paused("a", number=number))
                case "resumed":
                    client.happen(resumed(number))
                case _:
                    client.audio(0.3)
        client.happen(final(text, reason, number))
    told = [one for one in client.turns if one[0] in ("StartOfTurn", "EndOfTurn")]
    assert [event for event, _, _ in told] == ["StartOfTurn", "EndOfTurn"] * (len(told) // 2)
    assert [index for _, index, _ in told[::2]] == list(range(len(told) // 2))
    assert [one["sequence_id"] for one in client.told] == list(range(len(client.told)))
    eager = None
    for event, _, text in client.turns:
        if event == "EndOfTurn":
            assert eager in (None, text)
        eager = text if event == "EagerEndOfTurn" else None if event != "StartOfTurn" else eager
