"""The file format: every entry comes back as it was, and no other file is taken for a recording."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from engines import CountingEngine
from hypothesis import given, settings
from hypothesis import strategies as st
from recording.recordings import record_into

from streamer.dispatch.job import JobKind
from streamer.recording.entries import (
    Ended,
    EngineName,
    Entry,
    Gave,
    Header,
    JobName,
    RecordedInput,
    Took,
)
from streamer.recording.lines import (
    LineError,
    RecordingError,
    entry_line,
    header_line,
    parse_entry,
    parse_header,
    read_recording,
)
from streamer.session.events import Event, Flushed
from streamer.session.inputs import Audio, Flush
from streamer.session.settings import StreamSettings

HEADER = Header(
    program="0.1.0",
    session="s",
    began="2026-01-01T00:00:00.000000Z",
    engine=EngineName(name="counting", provider="CPU", precision="fp32"),
    settings=StreamSettings(language="en"),
    min_speech_ms=160,
)

times = st.floats(0, 1e5).map(lambda value: round(value, 6))
numbers = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, numbers)
st.register_type_strategy(StreamSettings, st.just(HEADER.settings))
counts = st.integers(0, 1 << 40)
st.register_type_strategy(
    JobName, st.builds(JobName, st.integers(0, 7), counts, st.sampled_from(JobKind), counts)
)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Took, times, st.builds(Audio, st.binary())),
    st.builds(Took, times, st.from_type(RecordedInput)),  # pyright: ignore[reportArgumentType]
    st.builds(Gave, times, st.from_type(Event)),  # pyright: ignore[reportArgumentType]
    st.builds(Ended, lines=counts),
)


@given(entries)
def test_every_entry_is_read_as_it_was_written(entry: Entry) -> None:
    line = entry_line(entry)
    assert line.count(b"\n") == 1
    assert parse_entry(line) == entry


def test_the_header_is_read_as_it_was_written() -> None:
    assert parse_header(header_line(HEADER)) == HEADER


@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_a_clear_error(line: bytes) -> None:
    for parse in (parse_entry, parse_header):
        with contextlib.suppress(LineError):
            parse(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
kinds = st.sampled_from(["AudioCame", "Heard", "Failed", "Final", "SettingsChanged", "sing", 7])


@given(st.sampled_from(["took", "gave", "ended"]), kinds | json_values, json_values, json_values)
def test_any_json_is_an_entry_or_a_clear_error(key: str, kind: Any, at: Any, value: Any) -> None:
    line = json.dumps({"at": at, key: kind, "value": value}).encode()
    with contextlib.suppress(LineError):
        parse_entry(line)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "one JSON object"),
        (b"RIFF\x00\xff\x00WAVE", "one JSON object"),
        (b'{"type":"ready"}\n', "not a recording of streamer"),
        (b'{"streamer_recording":2}\n', "version 2 of the format; accepted: 1"),
        (b'{"streamer_recording":1}\n', "program: Field required"),
        (header_line(HEADER).replace(b'"en"', b"7"), "settings.language"),
    ],
)
def test_a_foreign_file_is_told_from_a_recording(tmp_path: Path, text: bytes, problem: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(text)
    with pytest.raises(RecordingError, match=problem), read_recording(file):
        pass


def problem_of(file: Path) -> str:
    """Read a file to the end; returns what is wrong with it."""
    with pytest.raises(RecordingError) as caught, read_recording(file) as (_, read):
        list(read)
    return str(caught.value)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    return asyncio.run(record_into(folder, CountingEngine()))[0]


def test_a_recording_is_whole_only_with_all_its_lines(whole: Path) -> None:
    lines = whole.read_bytes().splitlines(keepends=True)
    with read_recording(whole) as (_, read):
        assert len(list(read)) == len(lines) - 1
    cut = whole.with_name("cut")
    cut.write_bytes(b"".join(lines[:-1]))
    assert "breaks off in line" in problem_of(cut)
    cut.write_bytes(b"".join(lines)[:-1])
    assert "breaks off in line" in problem_of(cut)
    cut.write_bytes(b"".join([*lines[:5], *lines[6:]]))
    assert "some were lost" in problem_of(cut)
    cut.write_bytes(b"".join([*lines, lines[5]]))
    assert "nothing may follow the end" in problem_of(cut)
    cut.write_bytes(b"".join([*lines[:5], b"{}\n", *lines[6:]]))
    assert "line 6" in problem_of(cut)


@settings(max_examples=40)
@given(share=st.floats(0, 0.999))
def test_a_recording_cut_anywhere_gives_what_is_there_and_then_says_so(
    whole: Path, share: float
) -> None:
    data = whole.read_bytes()
    cut = whole.with_name("cut")
    cut.write_bytes(data[: int(len(data) * share)])
    told: list[Entry] = []
    with pytest.raises(RecordingError), read_recording(cut) as (_, read):
        told += (entry for _, entry in read)
    with read_recording(whole) as (_, read):
        assert told == list(itertools.islice((entry for _, entry in read), len(told)))


def test_when_something_came_is_written_with_six_decimals() -> None:
    for line in (
        entry_line(Took(1.23456789, Audio(b""))),
        entry_line(Took(1.23456789, Flush("a"))),
        entry_line(Gave(1.23456789, Flushed("a"))),
    ):
        assert json.loads(line)["at"] == 1.234568
