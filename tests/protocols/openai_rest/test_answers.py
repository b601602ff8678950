"""Transcripts as OpenAI's API writes them."""

from __future__ import annotations

import json
from typing import Any

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest import answers
from streamer.protocols.openai_rest.request import ResponseFormat, TranscriptionRequest
from streamer.session.events import Final
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word

WORDS = (Word("Hello", 0.5, 0.9, 0.9), Word("there.", 0.9, 1.5, 0.8))

FINALS = [
    Final(0, 0, "Hello there.", 0.4, 1.9996, EndReason.SILENCE, "en", 0.5, WORDS),
    Final(0, 1, "", 2.0, 2.5, EndReason.SILENCE, "en", 1.0),
    Final(0, 2, "Bye.", 3.0, 3.5, EndReason.STOP, "en", 0.0),
]


def written(style: ResponseFormat, **options: Any) -> tuple[str, str]:
    chosen: dict[str, Any] = {
        "language": "en",
        "stream": False,
        "segments": True,
        "words": False,
    } | options
    return answers.transcript(TranscriptionRequest(style=style, **chosen), FINALS, 4.2)


def test_json_is_the_text_and_what_was_used() -> None:
    media_type, body = written(ResponseFormat.JSON)
    assert media_type == "application/json"
    assert json.loads(body) == {
        "text": "Hello there. Bye.",
        "usage": {"type": "duration", "seconds": 5},
    }


def test_plain_formats_are_plain() -> None:
    assert written(ResponseFormat.TEXT) == ("text/plain", "Hello there. Bye.\n")
    assert written(ResponseFormat.SRT)[1].startswith("1\n00:00:00,500 --> 00:00:01,500\nHello")
    assert written(ResponseFormat.VTT)[1].startswith("WEBVTT\n\n00:00:00.500 --> ")


def test_verbose_json_has_whispers_segments() -> None:
    body = json.loads(written(ResponseFormat.VERBOSE_JSON)[1])
    assert (body["task"], body["language"], body["duration"]) == ("transcribe", "english", 4.2)
    assert "words" not in body
    first, second = body["segments"]
    assert (first["id"], first["start"], first["end"]) == (0, 0.4, 2.0)
    assert first["text"] == " Hello there."
    assert first["avg_logprob"] == -0.6931
    assert second["id"] == 1
    assert second["avg_logprob"] < -20, "no confidence at all is still a number"


def test_words_come_when_asked_for() -> None:
    body = json.loads(written(ResponseFormat.VERBOSE_JSON, words=True, segments=False)[1])
    assert body["words"] == [
        {"word": "Hello", "start": 0.5, "end": 0.9},
        {"word": "there.", "start": 0.9, "end": 1.5},
    ]
    assert "segments" not in body


def test_japanese_utterances_have_no_spaces_between() -> None:
    assert json.loads(written(ResponseFormat.JSON, language="ja")[1])["text"] == "Hello there.Bye."


def test_a_refusal_tells_whose_fault_it_was() -> None:
    refusal = RefusalError(400, "invalid_value", "no", setting="stream")
    assert answers.error(refusal)["error"] == {
        "message": "no",
        "type": "invalid_request_error",
        "param": "stream",
        "code": "invalid_value",
    }
    assert answers.error(RefusalError(503, "draining", "no"))["error"]["type"] == "server_error"


def test_a_language_without_a_name_keeps_its_code() -> None:
    assert json.loads(written(ResponseFormat.VERBOSE_JSON, language="xx")[1])["language"] == "xx"
