"""Transcripts as OpenAI's API writes them."""

from __future__ import annotations

import json
from typing import Any

from openai.types.audio import (
    Transcription,
    TranscriptionTextDeltaEvent,
    TranscriptionTextDoneEvent,
    TranscriptionVerbose,
)
from pydantic import BaseModel

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest import answers
from streamer.protocols.openai_rest.request import ResponseFormat, TranscriptionRequest
from streamer.protocols.openai_rest.stream import TranscriptStream
from streamer.session.events import Final
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word

WORDS = (Word("Hello", 0.5, 0.9, 0.9), Word("there.", 0.9, 1.5, 0.8))

FINALS = [
    Final(0, 0, "Hello there.", 0.4, 1.9996, EndReason.SILENCE, "en", 0.5, WORDS),
    Final(0, 1, "", 2.0, 2.5, EndReason.SILENCE, "en", 1.0),
    Final(0, 2, "Bye.", 3.0, 3.5, EndReason.STOP, "en", 0.0),
]


def asking(style: ResponseFormat, **options: Any) -> TranscriptionRequest:
    chosen: dict[str, Any] = {
        "language": "en",
        "stream": False,
        "segments": True,
        "words": False,
        "logprobs": False,
        "settings": {},
    } | options
    return TranscriptionRequest(style=style, **chosen)


def written(style: ResponseFormat, **options: Any) -> tuple[str, str]:
    return answers.transcript(asking(style, **options), FINALS, 4.2)


def streamed(**options: Any) -> list[dict[str, Any]]:
    """The events of a stream, which ends as it should."""
    stream = TranscriptStream(asking(ResponseFormat.JSON, stream=True, **options))
    text = b"".join([*map(stream.add, FINALS), stream.end(4.2)]).decode()
    *events, end, rest = text.split("\n\n")
    assert (end, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_json_is_the_text_and_what_was_used() -> None:
    media_type, body = written(ResponseFormat.JSON)
    assert media_type == "application/json"
    assert json.loads(body) == {
        "text": "Hello there. Bye.",
        "languages": [{"code": "en"}],
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


def test_logprobs_are_those_of_words_and_make_the_text() -> None:
    body = json.loads(written(ResponseFormat.JSON, logprobs=True)[1])
    assert [one["token"] for one in body["logprobs"]] == ["Hello", " there.", " Bye."]
    assert "".join(one["token"] for one in body["logprobs"]) == body["text"]
    assert body["logprobs"][0] == {"token": "Hello", "logprob": -0.1054, "bytes": [*b"Hello"]}
    assert body["logprobs"][2]["logprob"] < -20, "of the utterance, where words have none"


def test_a_stream_is_deltas_and_the_whole() -> None:
    *deltas, done = streamed(logprobs=True)
    assert [one["delta"] for one in deltas] == ["Hello there.", " Bye."]
    assert [one["token"] for one in deltas[1]["logprobs"]] == [" Bye."]
    assert done == {
        "type": "transcript.text.done",
        "text": "Hello there. Bye.",
        "languages": [{"code": "en"}],
        "logprobs": [one for delta in deltas for one in delta["logprobs"]],
        "usage": {"type": "duration", "seconds": 5},
    }
    assert "logprobs" not in streamed()[0]


def test_answers_have_the_shapes_that_the_openai_package_declares() -> None:
    def holds(shape: type[BaseModel], body: Any) -> None:
        shape.model_validate(body, strict=True)
        assert body.keys() - {"task"} <= shape.model_fields.keys()

    holds(Transcription, json.loads(written(ResponseFormat.JSON, logprobs=True)[1]))
    holds(TranscriptionVerbose, json.loads(written(ResponseFormat.VERBOSE_JSON, words=True)[1]))
    delta, _, done = streamed(logprobs=True)
    holds(TranscriptionTextDeltaEvent, delta)
    done.pop("usage")  # declared in tokens alone, which nobody would know what to do with here
    holds(TranscriptionTextDoneEvent, done)
