"""An engine that does not tell how sure it is: null in our formats, 0 where types want a number."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from deepgram.listen.v1.types.listen_v1results import ListenV1Results
from engines import CountingEngine
from protocols.flux.test_dialect import Client, final, started

from streamer.protocols import call_messages
from streamer.protocols.audiohook.transcript import entity_of
from streamer.protocols.deepgram.results import Results
from streamer.protocols.door import RefusalError
from streamer.protocols.native import adapter, messages
from streamer.protocols.openai_rest import answers
from streamer.protocols.openai_rest.request import parse_request
from streamer.protocols.words import words_of
from streamer.session.events import Final
from streamer.speech.end_reason import EndReason
from streamer.speech.formats import Format, Line, render

INFO = replace(CountingEngine().info, confidences=False)
FINAL = Final(0, 0, "Hello there.", 0.4, 2.0, EndReason.SILENCE, "en", confidence=None)


def native() -> dict[str, Any]:
    text = adapter.message_of(FINAL).model_dump_json(exclude_none=True)
    assert messages.Final.model_validate_json(text).confidence is None
    return json.loads(text)


def told_of_calls() -> dict[str, Any]:
    final = call_messages.Final(
        call="c",
        stream="s",
        seq=1,
        channel=0,
        track="caller",
        utterance=0,
        text=FINAL.text,
        start=FINAL.start,
        end=FINAL.end,
        language=FINAL.language,
        confidence=FINAL.confidence,
    )
    return json.loads(final.model_dump_json(exclude_none=True))


def file_of_lines() -> dict[str, Any]:
    line = Line(FINAL.text, FINAL.start, FINAL.end, FINAL.language, FINAL.confidence)
    return json.loads(render(Format.JSON_LINES, [line]))


@pytest.mark.parametrize("written", [native, told_of_calls, file_of_lines])
def test_our_own_formats_say_null(written: Any) -> None:
    told = written()
    assert told["text"] == "Hello there."
    assert told["confidence"] is None


def test_deepgrams_types_demand_a_number() -> None:
    result = Results("r", 1, INFO).write(
        0, FINAL.text, (FINAL.start, FINAL.end), words_of(FINAL), FINAL.confidence, is_final=True
    )
    told = ListenV1Results.model_validate_json(result.model_dump_json())
    first = told.channel.alternatives[0]
    assert first.confidence == 0
    assert [(word.punctuated_word, word.confidence) for word in first.words] == [
        ("Hello", 0),
        ("there.", 0),
    ]


def test_so_do_those_of_flux() -> None:
    client = Client()
    client.happen(started(), replace(final("Hello there."), confidence=None))
    words = [one["words"] for one in client.told if one.get("event") == "EndOfTurn"]
    assert words == [[{**word, "confidence": 0.0} for word in words[0]]]


def test_and_those_of_audiohook() -> None:
    told = entity_of(FINAL, "s", "external", 0.0).data.alternatives[0]
    assert told.confidence == 0
    assert [token.confidence for token in told.interpretations[0].tokens] == [0, 0]


def test_segments_have_no_logarithm() -> None:
    request = parse_request([("response_format", "verbose_json")], INFO)
    (segment,) = json.loads(answers.transcript(request, [FINAL], 2.0)[1])["segments"]
    assert segment["avg_logprob"] is None


def test_logarithms_that_are_asked_for_are_refused() -> None:
    with pytest.raises(RefusalError, match="counting does not tell how sure it is"):
        parse_request([("include[]", "logprobs")], INFO)
