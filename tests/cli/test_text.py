"""Names with any bytes, terminals of any encoding and width."""

from __future__ import annotations

import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.cli.screen import last_words, wrapped
from streamer.cli.text import fitting_json, shown
from streamer.speech.subtitle_text import columns

names = st.binary(max_size=30).map(os.fsdecode)


@given(names | st.text(max_size=30))
def test_a_name_is_one_printable_line(name: str) -> None:
    assert shown(name).isprintable()
    assert len(shown(name).splitlines()) <= 1


def test_bytes_that_are_no_text_are_told_as_bytes() -> None:
    assert shown(os.fsdecode(b"caf\xe9\n.wav")) == "caf\\xe9\\n.wav"
    assert shown("café 天気.wav") == "café 天気.wav"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
@given(text=names | st.text(max_size=30))
def test_json_stays_json_in_any_encoding(encoding: str, text: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    row = fitting_json(json.dumps({"file": text}, ensure_ascii=False), stream)
    row.encode(encoding)
    assert json.loads(row)["file"] == text


spoken = st.lists(st.sampled_from(["a", "word", "telephone", "天気", "x" * 30]), max_size=30)


@given(spoken.map(" ".join), st.integers(3, 60))
def test_the_end_of_a_partial_fits_and_breaks_no_word_that_fits(text: str, width: int) -> None:
    at = last_words(text, width)
    ends = text[at:]
    assert columns(("… " if at else "") + ends) <= max(width, 4)
    if at and " " in ends:
        assert text[at - 1] == " "


@given(spoken, st.integers(9, 60))
def test_a_final_is_wrapped_between_words(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width).split("\n  ")
    assert " ".join(lines).split() == words
    assert all(columns(line) <= width or " " not in line for line in lines)
