"""Text without punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.speech.plain import without_punctuation


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("And so, my fellow Americans: ask not.", "And so my fellow Americans ask not"),
        ("I don't. It's 3.5%, or $1,000!", "I don't It's 3.5% or $1,000"),
        ('a "well-known" man - (of sorts) ...', "a well-known man of sorts"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_marks_at_the_edges_of_words_go(text: str, plain: str) -> None:
    assert without_punctuation(text) == plain


@given(st.text())
def test_once_is_enough(text: str) -> None:
    plain = without_punctuation(text)
    assert without_punctuation(plain) == plain
