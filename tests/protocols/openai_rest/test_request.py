"""The form's fields: what is honoured, ignored and refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from engines import CountingEngine

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest.request import ResponseFormat, parse_request

INFO = CountingEngine().info
TIMED = replace(INFO, word_timings=True)


def test_a_form_with_nothing_but_a_file_is_enough() -> None:
    asked = parse_request([], INFO)
    assert asked.language == "en"
    assert asked.style is ResponseFormat.JSON
    assert (asked.stream, asked.segments, asked.words) == (False, True, False)


def test_what_clients_send_is_understood() -> None:
    # As the openai package sent it, the file apart.
    fields = [
        ("model", "whisper-1"),
        ("language", "de"),
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
        ("chunking_strategy", "auto"),
        ("keywords[]", "a"),
        ("keywords[]", "b"),
        ("prompt", "names: Streamer"),
        ("temperature", "0.0"),
    ]
    asked = parse_request(fields, TIMED)
    assert asked.language == "de"
    assert (asked.style, asked.segments, asked.words) == (ResponseFormat.VERBOSE_JSON, True, True)
    assert asked.warnings == ("keywords have no effect yet",)
    assert parse_request([("keywords", "")], TIMED).warnings == ()


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ([("language", "de-AT")], "de"),
        ([("languages[]", "fr"), ("languages[]", "DE")], "de"),
        ([("languages", "de"), ("languages", "en")], "de"),
        ([("language", "en"), ("languages[]", "de")], "en"),
        ([("language", ""), ("languages[]", "")], "en"),
    ],
)
def test_the_first_possible_language_that_there_is(
    fields: list[tuple[str, str]], language: str
) -> None:
    assert parse_request(fields, INFO).language == language


def test_logprobs_are_of_words_where_the_model_can_tell_them() -> None:
    fields = [("include[]", "logprobs")]
    assert parse_request(fields, TIMED).settings == {"words": True}
    assert parse_request([("response_format", "srt")], TIMED).settings == {"words": True}
    untimed = parse_request(fields, INFO)
    assert (untimed.logprobs, untimed.settings) == (True, {"words": False})


@pytest.mark.parametrize(
    "fields",
    [
        [
            ("chunking_strategy[type]", "server_vad"),
            ("chunking_strategy[silence_duration_ms]", 900),
        ],
        [("chunking_strategy", '{"type":"server_vad","silence_duration_ms":900,"threshold":0.5}')],
    ],
)
def test_silence_cuts_as_it_is_asked_to(fields: list[tuple[str, str]]) -> None:
    asked = parse_request([(name, str(value)) for name, value in fields], INFO)
    assert asked.settings == {"words": False, "endpoint_silence_ms": 900}


def test_words_alone_leave_the_segments_out() -> None:
    fields = [("response_format", "verbose_json"), ("timestamp_granularities[]", "word")]
    asked = parse_request(fields, TIMED)
    assert (asked.segments, asked.words) == (False, True)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False)])
def test_booleans_are_words(text: str, value: bool) -> None:
    assert parse_request([("stream", text)], INFO).stream is value


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ([("response_format", "xml")], "response_format", "'xml' is none of json, text, srt"),
        ([("response_format", "diarized_json")], "response_format", "not tell speakers apart"),
        ([("language", "tlh")], "language", "does not know the language 'tlh'; it has: en, de"),
        ([("stream", "maybe")], "stream", "'maybe' is neither true nor false"),
        ([("stream", "true"), ("response_format", "srt")], "stream", "a stream has no srt"),
        ([("timestamp_granularities[]", "word")], "timestamp_granularities[]", "cannot tell when"),
        ([("timestamp_granularities[]", "x")], "timestamp_granularities[]", "none of segment"),
        ([("languages[]", "tlh"), ("languages[]", "fr")], "languages[]", "'tlh', 'fr'; it has: en"),
        ([("include[]", "item")], "include[]", "'item' is none of logprobs"),
        ([("include[]", "logprobs"), ("response_format", "srt")], "include[]", "no place for"),
        ([("chunking_strategy", "never")], "chunking_strategy", "'never' is none of auto"),
        ([("chunking_strategy", "{]")], "chunking_strategy", "no JSON"),
        ([("chunking_strategy", '{"type":"guess"}')], "chunking_strategy", "'guess' is none"),
        (
            [("chunking_strategy", '{"type":"server_vad","silence_duration_ms":"nan"}')],
            "chunking_strategy",
            "'nan' is no number",
        ),
    ],
)
def test_what_cannot_be_honoured_is_named(
    fields: list[tuple[str, str]], field: str, message: str
) -> None:
    with pytest.raises(RefusalError, match=message) as refused:
        parse_request(fields, INFO)
    assert refused.value.status == 400
    assert refused.value.setting == field
