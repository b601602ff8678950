"""Wyoming's events on the wire: bytes to events and back, sans-I/O.

An event is a line of JSON with its type, then as many bytes of JSON data and as many of payload as
the line says. Data may also stand in the line itself; a block of data then wins over it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

MAX_JSON_BYTES = 262_144
"""Of a header line and of a block of data; hints for the recogniser are the longest there is."""

PROTOCOL_VERSION = "1.10.2"
"""The release of the `wyoming` package whose events we speak."""


class WyomingError(ValueError):
    """Bytes that are no event: nothing that follows can be made out."""


@dataclass(frozen=True, slots=True)
class WyomingEvent:
    """One event."""

    type: str
    data: Mapping[str, Any]
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class _Header:
    type: str
    data: Mapping[str, Any]
    data_length: int
    payload_length: int


class WyomingParser:
    """Bytes in, events out, however the bytes were split.

    Holds less than one event: at most `MAX_JSON_BYTES` of data and `max_payload` bytes of payload,
    beside what it was just fed.
    """

    def __init__(self, max_payload: int) -> None:
        self._max_payload = max_payload
        self._buffer = bytearray()
        self._searched = 0  # bytes known to hold no line's end
        self._header: _Header | None = None

    def feed(self, data: bytes) -> Iterator[WyomingEvent]:
        """Yield the events that `data` completes; raises WyomingError for what is none.

        Must be run to its end, or to the error, before the next call.
        """
        self._buffer += data
        while (event := self._next()) is not None:
            yield event

    def _next(self) -> WyomingEvent | None:
        if self._header is None:
            line = self._line()
            if line is None:
                return None
            self._header = self._read_header(line)
        header = self._header
        whole = header.data_length + header.payload_length
        if len(self._buffer) < whole:
            return None
        block = bytes(self._buffer[: header.data_length])
        payload = bytes(self._buffer[header.data_length : whole])
        del self._buffer[:whole]
        self._header = None
        more = _object(block, "the data") if block else {}
        return WyomingEvent(header.type, {**header.data, **more}, payload)

    def _line(self) -> bytes | None:
        """Take the header's line from the buffer, if it is there."""
        end = self._buffer.find(b"\n", self._searched)
        if max(end, 0) > MAX_JSON_BYTES or (end < 0 and len(self._buffer) > MAX_JSON_BYTES):
            raise WyomingError(f"the header is longer than {MAX_JSON_BYTES} bytes")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line

    def _read_header(self, line: bytes) -> _Header:
        header = _object(line, "the header")
        kind = header.get("type")
        if not isinstance(kind, str):
            raise WyomingError("the header has no type")
        data: object = header.get("data") or {}
        if not isinstance(data, dict):
            raise WyomingError("the header's data is not a JSON object")
        return _Header(
            kind,
            cast("dict[str, Any]", data),
            _length(header, "data_length", MAX_JSON_BYTES),
            _length(header, "payload_length", self._max_payload),
        )


def write_event(kind: str, data: Mapping[str, Any]) -> str:
    """Write down an event without a payload, which the server has no use for."""
    header: dict[str, object] = {"type": kind, "version": PROTOCOL_VERSION}
    block = ""
    if data:
        block = json.dumps(data, ensure_ascii=False)
        header["data_length"] = len(block.encode())
    return f"{json.dumps(header, ensure_ascii=False)}\n{block}"


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        parsed = from_json(text)
    except ValueError as error:
        raise WyomingError(f"{what} is not JSON") from error
    if not isinstance(parsed, dict):
        raise WyomingError(f"{what} is not a JSON object")
    return cast("dict[str, Any]", parsed)


def _length(header: Mapping[str, Any], name: str, longest: int) -> int:
    length = header.get(name) or 0
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise WyomingError(f"{name} is not a number of bytes")
    if length > longest:
        raise WyomingError(f"{name} is more than {longest} bytes")
    return length
