"""What a client asks of a transcription: the fields of the form, judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from streamer.masking.wishes import Masking
from streamer.protocols.door import RefusalError
from streamer.protocols.silence import endpoint_silence_ms
from streamer.speech.engine_info import EngineInfo
from streamer.speech.languages import known_language
from streamer.vad.registry import OFF


class ResponseFormat(StrEnum):
    """What the transcript is written as."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    VERBOSE_JSON = "verbose_json"


DIARIZED_JSON = "diarized_json"
"""Known, but not to be had: no model of the family tells speakers apart."""

STREAMABLE = (ResponseFormat.JSON, ResponseFormat.TEXT)

GRANULARITIES = ("segment", "word")

INCLUDABLE = ("logprobs",)

WHOLE = "none"
"""A recording that is one utterance, cut only where the model takes no more: ours, not OpenAI's."""

CHUNKING = ("auto", "server_vad", WHOLE)

_Fields = Sequence[tuple[str, str]]


NO_KEYWORDS = "keywords have no effect yet"


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """A request that can be honoured."""

    language: str
    style: ResponseFormat
    stream: bool
    segments: bool
    words: bool
    logprobs: bool
    settings: dict[str, Any]
    """Of the session's own, what is not as usual."""
    warnings: tuple[str, ...] = ()
    """What was asked and has no effect, in ASCII."""


def parse_request(fields: _Fields, info: EngineInfo) -> TranscriptionRequest:
    """Judge the form's text fields; raises RefusalError, naming the one that cannot be honoured.

    The model's name is free: there is one model. Hints and sampling (`prompt`, `temperature`,
    `keywords[]`, `known_speaker_...`) have no effect, of which that of `keywords[]` is told, since
    others change little where they have one; and of `chunking_strategy` only how long a
    silence ends an utterance, and whether one does at all.
    """
    form = dict(fields)
    style = _style(form.get("response_format") or "json")
    stream = _flag("stream", form.get("stream", ""))
    if stream and style not in STREAMABLE:
        accepted = " or ".join(STREAMABLE)
        raise invalid("stream", f"a stream has no {style}: ask for {accepted}", "unsupported_value")
    wanted = _chosen(fields, "timestamp_granularities", GRANULARITIES)
    if "word" in wanted and not info.word_timings:
        problem = f"the model {info.name} cannot tell when each word was said; ask for segment"
        raise invalid("timestamp_granularities[]", problem, "unsupported_value")
    words = "word" in wanted and style is ResponseFormat.VERBOSE_JSON
    logprobs = "logprobs" in _chosen(fields, "include", INCLUDABLE)
    if logprobs and style is not ResponseFormat.JSON:
        problem = f"{style} has no place for logprobs: ask for {ResponseFormat.JSON}"
        raise invalid("include[]", problem, "unsupported_value")
    if logprobs and not info.confidences:
        problem = f"the model {info.name} does not tell how sure it is"
        raise invalid("include[]", problem, "unsupported_value")
    wordy = logprobs or style in (ResponseFormat.SRT, ResponseFormat.VTT)
    return TranscriptionRequest(
        _language(form.get("language", ""), _several(fields, "languages"), info.languages),
        style,
        stream,
        segments="segment" in wanted or not wanted,
        words=words,
        logprobs=logprobs,
        settings={
            "words": words or (wordy and info.word_timings),
            **_chunking(fields),
            **_masking(form),
        },
        warnings=(NO_KEYWORDS,) if _several(fields, "keywords") else (),
    )


def invalid(field: str, message: str, code: str = "invalid_value") -> RefusalError:
    """Say what is wrong with a field."""
    return RefusalError(400, code, message, setting=field)


def _style(asked: str) -> ResponseFormat:
    accepted = ", ".join(ResponseFormat)
    if asked == DIARIZED_JSON:
        problem = f"the model does not tell speakers apart; ask for one of {accepted}"
        raise invalid("response_format", problem, "unsupported_value")
    try:
        return ResponseFormat(asked)
    except ValueError as error:
        raise invalid("response_format", f"{asked!r} is none of {accepted}") from error


def _flag(name: str, text: str) -> bool:
    match text.strip().lower():
        case "" | "false" | "0":
            return False
        case "true" | "1":
            return True
        case _:
            raise invalid(name, f"{text!r} is neither true nor false")


def _several(fields: _Fields, name: str) -> list[str]:
    """Return the values of a list, however the client writes its name."""
    return [value for one, value in fields if one in (name, f"{name}[]") and value]


def _chosen(fields: _Fields, name: str, choices: Sequence[str]) -> list[str]:
    wanted = _several(fields, name)
    for one in wanted:
        if one not in choices:
            raise invalid(f"{name}[]", f"{one!r} is none of {', '.join(choices)}")
    return wanted


def _language(asked: str, possible: Sequence[str], languages: Sequence[str]) -> str:
    """Return the language that is asked for, or the first of the possible ones that there is."""
    wanted = [asked] if asked.strip() or not possible else possible
    known = [known_language(one, languages) for one in wanted]
    language = next((one for one in known if one is not None), None)
    if language is None:
        field = "language" if asked.strip() else "languages[]"
        named = ", ".join(map(repr, wanted))
        problem = f"the model does not know the language {named}; it has: {', '.join(languages)}"
        raise invalid(field, problem, "unsupported_language")
    return language


def _masking(form: dict[str, str]) -> dict[str, Any]:
    """Read `redact`, `profanity` and `replace`, written as in the native protocol's query."""
    asked = {name: form[name] for name in Masking.model_fields if form.get(name)}
    try:
        return dict(Masking.model_validate(asked)) if asked else {}
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise invalid(str(first["loc"][0]), first["msg"]) from error


def _chunking(fields: _Fields) -> dict[str, Any]:
    """Read how a recording is cut, which stands in one field or in several, as the SDKs do it."""
    field = "chunking_strategy"
    form = {name: value for name, value in fields if name.startswith(field)}
    whole = form.get(field, "")
    try:
        parts: Any = json.loads(whole) if whole.startswith("{") else {"type": whole or "auto"}
    except (ValueError, RecursionError) as error:
        raise invalid(field, f"this is no JSON: {error}") from error
    parts |= {name[len(field) + 1 : -1]: value for name, value in form.items() if name != field}
    if parts.get("type") not in CHUNKING:
        raise invalid(field, f"{parts.get('type')!r} is none of {', '.join(CHUNKING)}")
    if parts["type"] == WHOLE:
        return {"vad": OFF}
    silence = parts.get("silence_duration_ms")
    if silence is None:
        return {}
    try:
        return {"endpoint_silence_ms": endpoint_silence_ms(float(silence))}
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid(field, f"{silence!r} is no number of milliseconds of silence") from error
