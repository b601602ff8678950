"""Wyoming's events, byte by byte."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.wyoming.parser import (
    MAX_JSON_BYTES,
    WyomingError,
    WyomingEvent,
    WyomingParser,
    write_event,
)

MAX_PAYLOAD = 4096

objects = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(0, 9) | st.text())
events = st.builds(WyomingEvent, st.text(min_size=1), objects, st.binary(max_size=300))


def written(event: WyomingEvent, *, inline: bool = False) -> bytes:
    """Write as the reference client does, or with the data in the header."""
    header: dict[str, Any] = {"type": event.type}
    block = b""
    if inline:
        header["data"] = dict(event.data)
    elif event.data:
        block = json.dumps(dict(event.data), ensure_ascii=False).encode()
        header["data_length"] = len(block)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return json.dumps(header, ensure_ascii=False).encode() + b"\n" + block + event.payload


def parse(*pieces: bytes) -> list[WyomingEvent]:
    parser = WyomingParser(MAX_PAYLOAD)
    return [event for piece in pieces for event in parser.feed(piece)]


@given(st.lists(events, max_size=4), st.booleans(), st.data())
def test_events_are_the_same_however_the_bytes_are_split(
    sent: list[WyomingEvent], inline: bool, data: st.DataObject
) -> None:
    wire = b"".join(written(event, inline=inline) for event in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    edges = zip([0, *cuts], [*cuts, len(wire)], strict=True)
    assert parse(*[wire[start:end] for start, end in edges]) == sent


@given(events)
def test_a_byte_at_a_time_is_enough(event: WyomingEvent) -> None:
    assert parse(*[bytes([byte]) for byte in written(event)]) == [event]


def test_the_block_of_data_wins_over_the_header() -> None:
    block = b'{"rate":16000}'
    header = {"type": "x", "data": {"rate": 1, "width": 2}, "data_length": len(block)}
    (event,) = parse(json.dumps(header).encode() + b"\n" + block)
    assert event.data == {"rate": 16_000, "width": 2}


def test_lengths_may_be_null_or_absent() -> None:
    wire = b'{"type":"a","data":null,"data_length":null,"payload_length":null}\n{"type":"b"}\n'
    assert parse(wire) == [WyomingEvent("a", {}), WyomingEvent("b", {})]


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (b"GET / HTTP/1.1\r\n", "the header is not JSON"),
        (b"\n", "the header is not JSON"),
        (b"\xff\xfe\n", "the header is not JSON"),
        (b"[" * 5000 + b"\n", "the header is not JSON"),
        (b"[1]\n", "the header is not a JSON object"),
        (b'{"data":{}}\n', "no type"),
        (b'{"type":5}\n', "no type"),
        (b'{"type":"x","data":[1]}\n', "data is not a JSON object"),
        (b'{"type":"x","data_length":-1}\n', "data_length is not a number of bytes"),
        (b'{"type":"x","data_length":true}\n', "data_length is not a number of bytes"),
        (b'{"type":"x","payload_length":"9"}\n', "payload_length is not a number of bytes"),
        (b'{"type":"x","payload_length":4097}\n', "payload_length is more than 4096 bytes"),
        (b'{"type":"x","data_length":1e3}\n', "data_length is not a number of bytes"),
        (b'{"type":"x","data_length":999999}\n', "data_length is more than"),
        (b'{"type":"x","data_length":2}\n[]', "the data is not a JSON object"),
        (b'{"type":"x","data_length":2}\n{]', "the data is not JSON"),
        (b" " * (MAX_JSON_BYTES + 1), "the header is longer than"),
        (b" " * (MAX_JSON_BYTES + 1) + b"\n", "the header is longer than"),
    ],
)
def test_what_is_no_event_is_told(wire: bytes, problem: str) -> None:
    with pytest.raises(WyomingError, match=problem):
        parse(wire)


@given(st.binary())
def test_no_bytes_do_anything_but_parse_or_fail_as_they_should(wire: bytes) -> None:
    with contextlib.suppress(WyomingError):
        parse(wire)


@given(st.text(min_size=1), objects)
def test_what_we_write_reads_as_it_was(kind: str, data: dict[str, Any]) -> None:
    assert parse(write_event(kind, data).encode()) == [WyomingEvent(kind, data)]
