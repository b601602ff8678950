"""Every setting is honoured or refused, with what would have been accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.audio.encodings import Encoding
from streamer.session.settings import InvalidSettingError, parse_changes, parse_settings

LANGUAGES = ("en", "de")


def test_defaults_are_those_of_the_protocol() -> None:
    assert parse_settings({}, LANGUAGES).model_dump(mode="json") == {
        "redact": [],
        "profanity": "keep",
        "replace": {},
        "language": "en",
        "punctuation": True,
        "partials": True,
        "partial_interval_ms": 300,
        "endpoint_silence_ms": 600,
        "turn": "silence",
        "turn_hold_ms": 1000,
        "turn_threshold": 0.2,
        "words": False,
        "vad_threshold": 0.5,
        "encoding": "pcm_s16le",
        "sample_rate": 16000,
        "channels": 1,
        "labels": [],
        "ordered": False,
        "max_utterance_s": 35,
        "vad": "webrtc",
        "vad_aggressiveness": 2,
    }


def test_strings_of_a_query_are_understood() -> None:
    raw = {"sample_rate": "8000", "partials": "false", "channels": "2", "encoding": "mulaw"}
    settings = parse_settings(raw, LANGUAGES)
    assert (settings.sample_rate, settings.partials, settings.channels) == (8000, False, 2)


@pytest.mark.parametrize("asked", ["de", "DE", "de-AT", "de_CH"])
def test_a_language_may_name_its_region_in_any_case(asked: str) -> None:
    settings = parse_settings({"language": asked}, LANGUAGES)
    assert settings.language == "de"
    english = parse_settings({}, LANGUAGES)
    assert parse_changes(english, {"language": asked}, LANGUAGES).language == "de"


@pytest.mark.parametrize("labels", ["agent, customer", ["agent", "customer"]])
def test_channels_have_names(labels: object) -> None:
    settings = parse_settings({"channels": 2, "labels": labels}, LANGUAGES)
    assert settings.labels == ("agent", "customer")
    assert parse_changes(settings, {"partials": False}, LANGUAGES).labels == settings.labels


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("encoding", "mp3", [str(one) for one in Encoding]),
        ("sample_rate", 7999, "8000 to 48000"),
        ("sample_rate", 1e9, "8000 to 48000"),
        ("sample_rate", "fast", "8000 to 48000"),
        ("channels", 0, "1 to 8"),
        ("channels", 9, "1 to 8"),
        ("channels", 1.5, "1 to 8"),
        ("language", "fr", ["en", "de"]),
        ("partials", "perhaps", [True, False]),
        ("partial_interval_ms", 99, "100 to 5000"),
        ("endpoint_silence_ms", 3001, "100 to 3000"),
        ("max_utterance_s", 36, "1 to 35"),
        ("max_utterance_s", float("nan"), "1 to 35"),
        ("vad", "silero", ["webrtc", "off"]),
        ("vad_aggressiveness", 4, "0 to 3"),
        ("words", "perhaps", [True, False]),
        ("labels", "agent,customer", "a name for each channel: a list, or text with commas"),
        ("labels", 7, "a name for each channel: a list, or text with commas"),
        ("labels", [""], "a name for each channel: a list, or text with commas"),
        ("ordered", "perhaps", [True, False]),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(
    name: str, value: object, accepted: object
) -> None:
    with pytest.raises(InvalidSettingError) as caught:
        parse_settings({name: value}, LANGUAGES)
    assert caught.value.setting == name
    assert caught.value.accepted == accepted


@pytest.mark.parametrize("name", ["resume", "colour"])
def test_an_unknown_setting_is_refused_with_the_list_of_known_ones(name: str) -> None:
    with pytest.raises(InvalidSettingError, match="is not a setting") as caught:
        parse_settings({name: "x"}, LANGUAGES)
    assert "sample_rate" in caught.value.accepted


def test_changes_keep_everything_else() -> None:
    current = parse_settings({"sample_rate": 8000, "channels": 2}, LANGUAGES)
    changed = parse_changes(current, {"language": "de"}, LANGUAGES)
    assert changed == current.model_copy(update={"language": "de"})


def test_what_the_audio_is_cannot_change() -> None:
    current = parse_settings({}, LANGUAGES)
    with pytest.raises(InvalidSettingError, match="cannot be changed") as caught:
        parse_changes(current, {"sample_rate": 8000}, LANGUAGES)
    assert "language" in caught.value.accepted


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


def test_a_server_with_a_better_detector_takes_it_where_none_is_named() -> None:
    here = ("silero", "webrtc", "off")
    assert parse_settings({}, LANGUAGES, here).vad == "silero"
    assert parse_settings({"vad": "webrtc"}, LANGUAGES, here).vad == "webrtc"
    assert parse_settings({}, LANGUAGES).vad == "webrtc"


def test_a_verdict_needs_no_threshold() -> None:
    chosen = parse_settings({"vad": "webrtc", "vad_threshold": 0.9}, LANGUAGES)
    assert chosen.speech_threshold == 0.5
    chosen = parse_settings({"vad_threshold": 0.9}, LANGUAGES, ("silero",))
    assert chosen.speech_threshold == 0.9


names = st.sampled_from(["language", "encoding", "channels", "vad", "words"]) | st.text(max_size=4)


@given(st.dictionaries(names, json_values, max_size=4))
def test_any_settings_are_taken_or_refused_by_name(raw: dict[str, object]) -> None:
    refusal: InvalidSettingError | None = None
    try:
        parse_settings(raw, LANGUAGES)
    except InvalidSettingError as error:
        refusal = error
    assert refusal is None or (refusal.setting in raw and refusal.accepted)
