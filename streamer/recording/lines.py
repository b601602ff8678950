"""The file format of a recording: JSON lines, version 1.

The first line is the header; then one line for each input that the session took and each event
that it gave, in order; the last line says that the recording is complete. Audio stands in the
lines as base64, so that the usual tools read the file.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, get_args

from pydantic import TypeAdapter, ValidationError

from streamer.recording.entries import (
    VERSION,
    Ended,
    Entry,
    Failed,
    Gave,
    Header,
    Heard,
    RecordedInput,
    Took,
)
from streamer.session.events import Event
from streamer.session.inputs import (
    Audio,
    AudioHeld,
    Configure,
    CutShort,
    Detected,
    Flush,
    PartialsSlowed,
    Stop,
    Tick,
    TurnJudged,
)

MAX_LINE_BYTES = 1 << 25
"""Above the largest frame that a server takes, in base64."""


class LineError(ValueError):
    """A line that is none of a recording's; the message says why."""


class RecordingError(Exception):
    """A file that is no recording, or not a whole one; the message says where and why."""


def header_line(header: Header) -> bytes:
    """Write the first line."""
    return header.model_dump_json().encode() + b"\n"


def entry_line(entry: Entry) -> bytes:
    """Write any other line."""
    line: dict[str, Any]
    match entry:
        case Took(at, Audio(data)):
            value = {"data": base64.b64encode(data).decode()}
            line = {"at": round(at, 6), "took": AUDIO, "value": value}
        case Took(at, given):
            line = {"at": round(at, 6)} | _named("took", _INPUTS, given)
        case Gave(at, event):
            line = {"at": round(at, 6)} | _named("gave", _EVENTS, event)
        case Ended(reason, lines):
            line = {"ended": str(reason), "lines": lines}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parse_header(line: bytes) -> Header:
    """Read the first line; raises LineError."""
    raw = _object(line)
    if "streamer_recording" not in raw:
        raise LineError("this is not a recording of streamer")
    if raw["streamer_recording"] != VERSION:
        version = raw["streamer_recording"]
        raise LineError(f"this is version {version!r} of the format; accepted: {VERSION}")
    try:
        return Header.model_validate(raw)
    except ValidationError as error:
        raise LineError(_first(error)) from error


def parse_entry(line: bytes) -> Entry:
    """Read any other line; raises LineError."""
    raw = _object(line)
    try:
        if "took" in raw:
            return Took(_AT.validate_python(raw.get("at")), _given(raw["took"], raw.get("value")))
        if "gave" in raw:
            event = _adapter(_EVENTS, raw["gave"]).validate_python(raw.get("value"))
            return Gave(_AT.validate_python(raw.get("at")), event)
        if "ended" in raw:
            return _ENDED.validate_python({"reason": raw["ended"], "lines": raw.get("lines")})
    except ValidationError as error:
        raise LineError(_first(error)) from error
    raise LineError("a line says what the session took or gave, or that it ended")


@contextmanager
def read_recording(path: Path) -> Generator[tuple[Header, Iterator[tuple[int, Entry]]]]:
    """Open a recording: its header, and its entries with their line numbers as they are read.

    Raises RecordingError, at once or while the entries are read, for a file that is not a whole
    recording; and OSError.
    """
    with path.open("rb") as file:
        try:
            header = parse_header(file.readline(MAX_LINE_BYTES))
        except LineError as error:
            raise RecordingError(f"{path}: {error}") from error
        yield header, _entries(path, file)


def _entries(path: Path, file: BinaryIO) -> Iterator[tuple[int, Entry]]:
    number = 1
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if not line.endswith(b"\n"):
            break
        try:
            entry = parse_entry(line)
        except LineError as error:
            raise RecordingError(f"{path}, line {number}: {error}") from error
        if isinstance(entry, Ended):
            _check_end(path, file, entry, number)
            yield number, entry
            return
        yield number, entry
    raise RecordingError(
        f"{path} breaks off in line {number}: the server was killed while it was written, "
        "or the file was not copied as a whole"
    )


def _check_end(path: Path, file: BinaryIO, ended: Ended, number: int) -> None:
    if ended.lines != number - 1:
        raise RecordingError(
            f"{path}: the last line counts {ended.lines} lines before it, but there are "
            f"{number - 1}: some were lost"
        )
    if file.read(1):
        raise RecordingError(f"{path}, line {number + 1}: nothing may follow the end")


def _given(name: object, value: object) -> RecordedInput:
    if name != AUDIO:
        return _adapter(_INPUTS, name).validate_python(value)
    data: Any = value.get("data") if isinstance(value, dict) else None
    try:
        return Audio(base64.b64decode(data, validate=True))
    except (TypeError, ValueError, binascii.Error) as error:
        raise LineError("audio stands in `data`, as base64") from error


def _named(key: str, known: dict[str, TypeAdapter[Any]], value: object) -> dict[str, Any]:
    name = _NAMES[type(value)]
    return {key: name, "value": known[name].dump_python(value, mode="json")}


def _adapter(known: dict[str, TypeAdapter[Any]], name: object) -> TypeAdapter[Any]:
    if not isinstance(name, str) or name not in known:
        raise LineError(f"{name!r} is unknown; accepted: {', '.join(known)}")
    return known[name]


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError("a line holds one JSON object") from error
    if not isinstance(value, dict):
        raise LineError("a line holds one JSON object")
    return value


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")


_AT: TypeAdapter[float] = TypeAdapter(float)
_ENDED: TypeAdapter[Ended] = TypeAdapter(Ended)
AUDIO = "AudioCame"
_INPUT_KINDS: dict[str, type[Any]] = {
    AUDIO: Audio,
    "SettingsChanged": Configure,
    "FlushAsked": Flush,
    "StopAsked": Stop,
    "Detected": Detected,
    "Heard": Heard,
    "Failed": Failed,
    "PartialsSlowed": PartialsSlowed,
    "AudioHeld": AudioHeld,
    "CutShort": CutShort,
    "Tick": Tick,
    "TurnJudged": TurnJudged,
}
"""As version 1 of the format calls them, whatever the code does."""
_EVENT_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}
_INPUTS = {name: TypeAdapter[Any](kind) for name, kind in _INPUT_KINDS.items()}
_EVENTS = {name: TypeAdapter[Any](kind) for name, kind in _EVENT_KINDS.items()}
_NAMES = {kind: name for name, kind in (_INPUT_KINDS | _EVENT_KINDS).items()}
