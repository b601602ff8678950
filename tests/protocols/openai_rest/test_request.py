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
        ("include[]", "logprobs"),
        ("keywords[]", "a"),
        ("keywords[]", "b"),
        ("prompt", "names: Streamer"),
        ("temperature", "0.0"),
    ]
    asked = parse_request(fields, TIMED)
    assert asked.language == "de"
    assert (asked.style, asked.segments, asked.words) == (ResponseFormat.VERBOSE_JSON, True, True)


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
        ([("timestamp_granularities[]", "x")], "timestamp_granularities[]", "neither of segment"),
    ],
)
def test_what_cannot_be_honoured_is_named(
    fields: list[tuple[str, str]], field: str, message: str
) -> None:
    with pytest.raises(RefusalError, match=message) as refused:
        parse_request(fields, INFO)
    assert refused.value.status == 400
    assert refused.value.setting == field
