"""What a client asks of a transcription: the fields of the form, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from streamer.protocols.door import RefusalError
from streamer.speech.engine_info import EngineInfo
from streamer.speech.languages import known_language


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


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """A request that can be honoured."""

    language: str
    style: ResponseFormat
    stream: bool
    segments: bool
    words: bool


def parse_request(fields: Sequence[tuple[str, str]], info: EngineInfo) -> TranscriptionRequest:
    """Judge the form's text fields; raises RefusalError, naming the one that cannot be honoured.

    The model's name is free: there is one model. Hints and sampling (`prompt`, `temperature`,
    `keywords[]`, `include[]`, `chunking_strategy`, `known_speaker_...`) have no effect.
    """
    form = dict(fields)
    style = _style(form.get("response_format") or "json")
    stream = _flag("stream", form.get("stream", ""))
    if stream and style not in STREAMABLE:
        accepted = " or ".join(STREAMABLE)
        raise invalid("stream", f"a stream has no {style}: ask for {accepted}", "unsupported_value")
    wanted = _granularities(fields)
    if "word" in wanted and not info.word_timings:
        problem = f"the model {info.name} cannot tell when each word was said; ask for segment"
        raise invalid("timestamp_granularities[]", problem, "unsupported_value")
    return TranscriptionRequest(
        _language(form.get("language", ""), info.languages),
        style,
        stream,
        segments="segment" in wanted or not wanted,
        words="word" in wanted and style is ResponseFormat.VERBOSE_JSON,
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


def _granularities(fields: Sequence[tuple[str, str]]) -> list[str]:
    names = ("timestamp_granularities[]", "timestamp_granularities")
    wanted = [value for name, value in fields if name in names]
    for one in wanted:
        if one not in GRANULARITIES:
            problem = f"{one!r} is neither of {', '.join(GRANULARITIES)}"
            raise invalid("timestamp_granularities[]", problem)
    return wanted


def _language(asked: str, languages: Sequence[str]) -> str:
    language = known_language(asked, languages)
    if language is None:
        known = ", ".join(languages)
        problem = f"the model does not know the language {asked!r}; it has: {known}"
        raise invalid("language", problem, "unsupported_language")
    return language
