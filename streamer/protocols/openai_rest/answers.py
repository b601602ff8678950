"""Transcripts, events, models and errors as OpenAI's API writes them."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from typing import Any

from streamer.protocols.door import RefusalError
from streamer.protocols.openai_rest.request import ResponseFormat, TranscriptionRequest
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

END_OF_STREAM = b"data: [DONE]\n\n"


def transcript(
    request: TranscriptionRequest, finals: Sequence[Final], seconds: float
) -> tuple[str, str]:
    """Write a whole transcript of a recording of so many seconds; returns media type and body."""
    lines = [
        Line(one.text, one.start, one.end, one.language, one.confidence, words=one.words)
        for one in finals
        if one.text
    ]
    text = separator(request.language).join(line.text for line in lines)
    match request.style:
        case ResponseFormat.JSON:
            return "application/json", _json({"text": text, "usage": _usage(seconds)})
        case ResponseFormat.TEXT:
            return "text/plain", f"{text}\n"
        case ResponseFormat.SRT:
            return "text/plain", render(Format.SRT, lines)
        case ResponseFormat.VTT:
            return "text/vtt", render(Format.VTT, lines)
        case ResponseFormat.VERBOSE_JSON:
            return "application/json", _json(_verbose(request, text, finals, seconds))


def separator(language: str) -> str:
    """What stands between two utterances."""
    return "" if language in UNSPACED_LANGUAGES else " "


def delta(text: str) -> bytes:
    """Write an event of a stream: the text grows."""
    return _event({"type": "transcript.text.delta", "delta": text})


def done(text: str, warnings: Sequence[str] = ()) -> bytes:
    """Write the event that ends a stream, before `END_OF_STREAM`."""
    told = {"warnings": list(warnings)} if warnings else {}
    return _event({"type": "transcript.text.done", "text": text, **told})


def broken(refusal: RefusalError) -> bytes:
    """Write the event that breaks a stream off."""
    return _event({"type": "error", **error(refusal)})


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
    return {"id": info.name, "object": "model", "created": created, "owned_by": "streamer"}


def _verbose(
    request: TranscriptionRequest, text: str, finals: Sequence[Final], seconds: float
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGE_NAMES.get(request.language, request.language),
        "duration": round(seconds, 3),
        "text": text,
    }
    spoken = [one for one in finals if one.text]
    if request.words:
        body["words"] = [_word(word) for final in spoken for word in final.words or ()]
    if request.segments:
        body["segments"] = [_segment(number, final) for number, final in enumerate(spoken)]
    body["usage"] = _usage(seconds)
    return body


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
        "avg_logprob": round(math.log(max(final.confidence, LEAST_PROBABILITY)), 4),
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 3),
        "no_speech_prob": 0.0,
    }


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}


def _usage(seconds: float) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(seconds)}


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {_json(data)}\n\n".encode()


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)
