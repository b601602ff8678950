"""Transcripts as files: plain text, JSON lines, SubRip and WebVTT."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from streamer.speech.hypothesis import Word
from streamer.speech.subtitle_text import columns
from streamer.speech.subtitles import Cue, Spoken, cues_of

LABEL_COLUMNS = 20
"""Of who speaks, in a subtitle's first line; a longer name is cut."""


class Format(StrEnum):
    """What a transcript is written as; the value is the file's suffix."""

    TEXT = "txt"
    JSON_LINES = "jsonl"
    SRT = "srt"
    VTT = "vtt"


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance of a transcript; times in seconds. `channel` names who spoke, if known.

    `words` say when each was said, where the model has told it.
    """

    text: str
    start: float
    end: float
    language: str
    confidence: float | None
    channel: str | None = None
    words: tuple[Word, ...] | None = None

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
        "confidence": None if line.confidence is None else round(line.confidence, 4),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _srt_cues(lines: Iterable[Line]) -> Iterable[str]:
    for number, (speaker, cue) in enumerate(_cues(lines, labelled=True), start=1):
        label = "" if speaker is None else _label(speaker)
        text = "\n".join([f"{label}{cue.lines[0]}".rstrip(), *cue.lines[1:]])
        yield f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{text}\n"


def _vtt_cues(lines: Iterable[Line]) -> Iterable[str]:
    for speaker, cue in _cues(lines, labelled=False):
        voice = "" if speaker is None else f"<v {_escaped(speaker)}>"
        text = voice + _escaped("\n".join(cue.lines))
        yield f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n"


def _cues(lines: Iterable[Line], *, labelled: bool) -> list[tuple[str | None, Cue]]:
    """Return all channels' cues in the order of their starts, each with who speaks."""
    channels: dict[str | None, list[Spoken]] = {}
    for line in lines:
        label = "" if line.channel is None or not labelled else _label(line.channel)
        spoken = Spoken(line.text, line.start, line.end, line.words, columns(label))
        channels.setdefault(line.channel, []).append(spoken)
    cues = [
        (speaker, cue)
        for speaker, utterances in channels.items()
        for cue in cues_of(sorted(utterances, key=lambda one: one.start))
    ]
    return sorted(cues, key=lambda one: one[1].start)


def _label(speaker: str) -> str:
    """Write who speaks where a format has no place for it but the text."""
    while columns(speaker) > LABEL_COLUMNS - 2:
        speaker = f"{speaker[:-2]}…"
    return f"{speaker}: "


def _escaped(text: str) -> str:
    """Write a cue's text: `-->` and the markup characters have a meaning of their own there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
