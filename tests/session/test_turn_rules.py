"""The rule by which turns end: its waits, who else may set them, and what changes with it."""

from __future__ import annotations

from typing import Any

import pytest
from hosts import a_host
from hypothesis import given
from hypothesis import strategies as st
from toy_turns import INFO

from streamer.session.settings import (
    InvalidSettingError,
    StreamSettings,
    parse_changes,
    parse_settings,
)
from streamer.turns.rules import TurnRule
from streamer.turns.waits import TurnPolicy

LANGUAGES = ("en", "de")
HOST = a_host(turns=INFO)


def policy(**raw: Any) -> TurnPolicy | None:
    return HOST.stream_settings(raw).turn_policy


def test_each_rule_brings_its_waits_and_the_models_threshold() -> None:
    assert policy() is None
    assert policy(turn="auto") == TurnPolicy(0.2, 500, 1000)
    assert policy(turn="fast") == TurnPolicy(0.05, 200, 1000)
    assert policy(turn="patient") == TurnPolicy(0.09, 700, 3000)


def test_an_explicit_silence_is_the_wait_where_the_end_is_likely() -> None:
    assert policy(turn="auto", endpoint_silence_ms=300) == TurnPolicy(0.2, 300, 1000)
    assert policy(turn="auto", endpoint_silence_ms="900") == TurnPolicy(0.2, 900, 1800)
    assert policy(turn="fast", turn_hold_ms=2000, turn_threshold=0.5) == TurnPolicy(0.5, 200, 2000)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ({}, 600),
        ({"endpoint_silence_ms": 200}, 200),
        ({"turn": "auto"}, 600),
        ({"turn": "fast"}, 600),
        ({"turn": "patient"}, 700),
        ({"turn": "auto", "endpoint_silence_ms": 800}, 800),
    ],
)
def test_without_an_answer_silence_ends_it(raw: dict[str, Any], plain: int) -> None:
    assert HOST.stream_settings(raw).plain_silence_ms == plain


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("turn", "quick", ["silence", "auto", "fast", "patient"]),
        ("turn", [], ["silence", "auto", "fast", "patient"]),
        ("turn_hold_ms", 100, "200 to 60000"),
        ("turn_threshold", 1.5, "0 to 1"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_accepted(
    name: str, value: object, accepted: object
) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        HOST.stream_settings({name: value})
    assert (refused.value.setting, refused.value.accepted) == (name, accepted)


def test_configure_changes_the_rule_and_what_it_brought_but_not_what_was_asked_for() -> None:
    first = HOST.stream_settings({"turn": "fast", "turn_hold_ms": 1500})
    second = HOST.changed_settings(first, {"turn": "patient"})
    assert second.turn_policy == TurnPolicy(0.09, 700, 1500)
    assert HOST.changed_settings(second, {"turn": "silence"}).endpoint_silence_ms == 600
    third = HOST.changed_settings(second, {"endpoint_silence_ms": 900})
    assert third.turn_policy == TurnPolicy(0.09, 900, 1500)
    strict = HOST.stream_settings({"turn": "auto", "turn_threshold": 0.7})
    assert HOST.changed_settings(strict, {"turn": "fast"}).turn_threshold == 0.7


RULES = st.sampled_from(list(TurnRule))


@given(rule=RULES, silence=st.none() | st.integers(100, 3000), partials=st.booleans())
def test_settings_read_back_are_the_same_and_another_change_keeps_them(
    rule: TurnRule, silence: int | None, partials: bool
) -> None:
    raw = {"turn": rule} | ({} if silence is None else {"endpoint_silence_ms": silence})
    settings = parse_settings(raw, LANGUAGES)
    assert StreamSettings.model_validate(settings.model_dump(mode="json")) == settings
    changed = parse_changes(settings, {"partials": partials}, LANGUAGES)
    assert changed.turn_policy == settings.turn_policy
    assert changed.plain_silence_ms == settings.plain_silence_ms


@pytest.mark.parametrize(
    ("turns", "language", "why"),
    [(None, "en", "models pull smart-turn"), (INFO, "de", "toy-turns does not know de")],
)
def test_where_no_model_can_be_asked_plain_silence_is_in_force(
    turns: Any, language: str, why: str
) -> None:
    host = a_host(turns=turns)
    for raw, silence in (({}, 600), ({"endpoint_silence_ms": 300}, 300)):
        settings = host.stream_settings({"turn": "fast", "language": language, **raw})
        assert (settings.turn, settings.endpoint_silence_ms) == ("silence", silence)
    trouble = host.turn_trouble(language)
    assert trouble is not None
    assert why in trouble
