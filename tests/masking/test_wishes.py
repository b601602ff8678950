"""How masking is asked for, and that a server's own rules hold whatever a client asks."""

from __future__ import annotations

from typing import Any

import pytest
from engines import CountingEngine

from streamer.masking.rules import Redacted
from streamer.masking.wishes import Masking
from streamer.protocols.call_settings import call_settings
from streamer.protocols.deepgram_masking import asked_masking
from streamer.server.doors import new_host
from streamer.session.settings import InvalidSettingError, parse_changes, parse_settings
from streamer.settings import Settings


def test_a_query_and_json_ask_alike() -> None:
    query = {"redact": "numbers, emails", "replace": "a b:C, d:"}
    message = {"redact": ["numbers", "emails"], "replace": {"a b": "C", "d": ""}}
    asked = [parse_settings(raw, ["en"]) for raw in (query, message)]
    assert asked[0] == asked[1]
    assert asked[0].redact == (Redacted.NUMBERS, Redacted.EMAILS)


@pytest.mark.parametrize(
    ("setting", "value", "accepted"),
    [
        ("redact", "names", "any of numbers, emails"),
        ("profanity", "remove", "keep, mask"),
        ("replace", "no colon", "phrase:replacement"),
        ("replace", {"": "a"}, "phrase:replacement"),
        ("replace", {"a": "b" * 129}, "phrase:replacement"),
        ("replace", {f"word {n}": "" for n in range(101)}, "phrase:replacement"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(setting: str, value: Any, accepted: str) -> None:
    with pytest.raises(InvalidSettingError) as refused:
        parse_settings({setting: value}, ["en"])
    assert refused.value.setting == setting
    assert accepted in refused.value.choices


@pytest.mark.parametrize("setting", list(Masking.model_fields))
def test_masking_is_for_a_streams_whole_life(setting: str) -> None:
    with pytest.raises(InvalidSettingError, match="cannot be changed"):
        parse_changes(parse_settings({}, ["en"]), {setting: []}, ["en"])


def test_a_servers_rules_are_added_to_a_clients_and_win() -> None:
    servers = Masking(redact=(Redacted.NUMBERS,), profanity="mask", replace={"a": "server"})
    asked = parse_settings({"redact": "emails", "replace": "a:client,b:client"}, ["en"])
    both = asked.together_with(servers)
    assert set(both.redact) == set(Redacted)
    assert (both.profanity, both.replace) == ("mask", {"a": "server", "b": "client"})
    assert both.language == "en"


def test_no_door_opens_a_stream_without_the_servers_rules() -> None:
    server = Settings(redact=["numbers"], replace=["cooper netties:Kubernetes"])
    host = new_host(CountingEngine().info, server)
    settings = host.stream_settings({"redact": []})
    assert settings.redact == (Redacted.NUMBERS,)
    assert settings.replace == {"cooper netties": "Kubernetes"}
    assert host.changed_settings(settings, {"words": False}).redact == (Redacted.NUMBERS,)


def test_a_call_is_not_told_unmasked_that_was_to_be_masked() -> None:
    host = new_host(CountingEngine().info, Settings())
    _, denied = call_settings(host, {}, {"vad_aggressiveness": "9", "redact": "numbers"})
    assert [error.setting for error in denied] == ["vad_aggressiveness"]
    with pytest.raises(InvalidSettingError, match="redact"):
        call_settings(host, {}, {"redact": "everything"})


def test_deepgrams_kinds_of_numbers_are_numbers_and_what_is_not_known_is_refused() -> None:
    query = [("redact", "pci"), ("redact", "email_address"), ("profanity_filter", "true")]
    wanted = asked_masking([*query, ("replace", "a:b"), ("replace", "c:d")])
    assert wanted == {
        "redact": [Redacted.NUMBERS, Redacted.EMAILS],
        "profanity": "mask",
        "replace": {"a": "b", "c": "d"},
    }
    with pytest.raises(InvalidSettingError, match="redact: 'pii' cannot"):
        asked_masking([("redact", "pii")])
