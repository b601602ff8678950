"""Transcripts as files: plain text, JSON lines, SubRip and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What a transcript is written as; the value is the file's suffix."""

    TEXT = "txt"
    JSON_LINES = "jsonl"
    SRT = "srt"
    VTT = "vtt"


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of a transcript; times in seconds. `channel` names who spoke, if known."""

    text: str
    start: float
    end: float
    language: str
    confidence: float
    channel: str | None = None

    @property
    def spoken(self) -> str:
        """The text behind the name of who said it."""
        return self.text if self.channel is None else f"{self.channel}: {self.text}"


def render(style: Format, lines: Iterable[Line]) -> str:
    """Write a whole transcript; utterances without text appear in JSON lines only."""
    match style:
        case Format.TEXT:
            return "".join(f"{line.spoken}\n" for line in lines if line.text)
        case Format.JSON_LINES:
            return "".join(json_line(line) for line in lines)
        case Format.SRT:
            return "\n".join(_srt_cues(lines))
        case Format.VTT:
            return "WEBVTT\n\n" + "\n".join(_vtt_cues(lines))


def json_line(line: Line, **more: object) -> str:
    """Write one utterance as a line of JSON, `more` in front."""
    channel = {} if line.channel is None else {"channel": line.channel}
    fields = {
        **more,
        **channel,
        "start": round(line.start, 3),
        "end": round(line.end, 3),
        "text": line.text,
        "language": line.language,
        "confidence": round(line.confidence, 4),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _srt_cues(lines: Iterable[Line]) -> Iterable[str]:
    spoken = (line for line in lines if line.text)
    for number, line in enumerate(spoken, start=1):
        yield f"{number}\n{_clock(line.start, ',')} --> {_clock(line.end, ',')}\n{line.spoken}\n"


def _vtt_cues(lines: Iterable[Line]) -> Iterable[str]:
    for line in lines:
        if line.text:
            voice = "" if line.channel is None else f"<v {_escaped(line.channel)}>"
            text = voice + _escaped(line.text)
            yield f"{_clock(line.start, '.')} --> {_clock(line.end, '.')}\n{text}\n"


def _escaped(text: str) -> str:
    """Write a cue's text: `-->` and the markup characters have a meaning of their own there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
