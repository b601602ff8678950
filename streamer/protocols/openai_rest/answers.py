"""Transcripts, events, models and errors as OpenAI's API writes them."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest.request import ResponseFormat, TranscriptionRequest
from streamer.protocols.words import words_of
from streamer.session.events import Final
from streamer.session.stability import UNSPACED_LANGUAGES
from streamer.speech.engine_info import EngineInfo
from streamer.speech.formats import Format, Line, render
from streamer.speech.hypothesis import Word

LANGUAGE_NAMES = {
    "ar": "arabic",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "ja": "japanese",
    "ko": "korean",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "vi": "vietnamese",
    "zh": "chinese",
}
"""`verbose_json` names languages as Whisper did."""

LEAST_PROBABILITY = 1e-9
"""Keeps the logarithm of a confidence finite: JSON knows no infinity."""


def transcript(
    request: TranscriptionRequest, finals: Sequence[Final], seconds: float
) -> tuple[str, str]:
    """Write a whole transcript of a recording of so many seconds; returns media type and body."""
    spoken = [one for one in finals if one.text]
    lines = [
        Line(one.text, one.start, one.end, one.language, one.confidence, words=one.words)
        for one in spoken
    ]
    match request.style:
        case ResponseFormat.JSON:
            return "application/json", _json(body(request, spoken, seconds))
        case ResponseFormat.TEXT:
            return "text/plain", f"{joined(request, spoken)}\n"
        case ResponseFormat.SRT:
            return "text/plain", render(Format.SRT, lines)
        case ResponseFormat.VTT:
            return "text/vtt", render(Format.VTT, lines)
        case ResponseFormat.VERBOSE_JSON:
            return "application/json", _json(_verbose(request, spoken, seconds))


def body(request: TranscriptionRequest, spoken: Sequence[Final], seconds: float) -> dict[str, Any]:
    """Write down what was said as `json` has it, and the last event of a stream."""
    whole: dict[str, Any] = {"text": joined(request, spoken)}
    whole["languages"] = [{"code": request.language}]
    if request.logprobs:
        whole["logprobs"] = logprobs(request, spoken)
    whole["usage"] = _usage(seconds)
    return whole


def joined(request: TranscriptionRequest, spoken: Sequence[Final], *, first: bool = True) -> str:
    """Write utterances one behind the other, or behind others where they are not the first."""
    gap = _gap(request)
    return ("" if first else gap) + gap.join(one.text for one in spoken)


def logprobs(
    request: TranscriptionRequest, spoken: Sequence[Final], *, first: bool = True
) -> list[dict[str, Any]]:
    """Write how sure the model was, word by word: one behind the other they are the text.

    A word's is the mean logarithm of its tokens' probabilities, or, of a model that cannot tell
    words, of its utterance's.
    """
    gap = _gap(request)
    words = [word for final in spoken for word in words_of(final)]
    tokens = [(gap if number or not first else "") + word.text for number, word in enumerate(words)]
    return [
        {"token": token, "logprob": _log(word.confidence), "bytes": list(token.encode())}
        for token, word in zip(tokens, words, strict=True)
    ]


def event(data: dict[str, Any]) -> bytes:
    """Write an event of a stream."""
    return f"data: {_json(data)}\n\n".encode()


def broken(refusal: RefusalError) -> bytes:
    """Write the event that breaks a stream off."""
    return event({"type": "error", **error(refusal)})


def error(refusal: RefusalError) -> dict[str, Any]:
    """Write a refusal in OpenAI's shape: its clients look at the status, and show the message."""
    kind = "server_error" if refusal.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": refusal.message,
            "type": kind,
            "param": refusal.setting,
            "code": "invalid_api_key" if refusal.status == 401 else refusal.code,
        }
    }


def model(info: EngineInfo, created: int) -> dict[str, Any]:
    """Describe the one model; `created` is in seconds since 1970."""
    told = {"id": info.name, "object": "model", "created": created, "owned_by": "streamer"}
    return {**told, "languages": list(info.languages)}


def _verbose(
    request: TranscriptionRequest, spoken: Sequence[Final], seconds: float
) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGE_NAMES.get(request.language, request.language),
        "duration": round(seconds, 3),
        "text": joined(request, spoken),
    }
    if request.words:
        whole["words"] = [_word(word) for final in spoken for word in final.words or ()]
    if request.segments:
        whole["segments"] = [_segment(number, final) for number, final in enumerate(spoken)]
    whole["usage"] = _usage(seconds)
    return whole


def _segment(number: int, final: Final) -> dict[str, Any]:
    """Write an utterance as Whisper's segment; what our models do not tell stays at its zero."""
    text = final.text.encode()
    return {
        "id": number,
        "seek": round(final.start * 100),  # frames of 10 ms
        "start": round(final.start, 3),
        "end": round(final.end, 3),
        "text": f" {final.text}",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": _log(final.confidence),
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 3),
        "no_speech_prob": 0.0,
    }


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}


def _usage(seconds: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(seconds)}


def _gap(request: TranscriptionRequest) -> str:
    """What stands between two utterances, and between words."""
    return "" if request.language in UNSPACED_LANGUAGES else " "


def _log(probability: float | None) -> float | None:
    return None if probability is None else round(math.log(max(probability, LEAST_PROBABILITY)), 4)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)
