"""Words with times, as the formats that need them are given them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.protocols.words import words_of
from streamer.session.events import Final
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word
from streamer.speech.word_spans import spread_words


def final(text: str, words: tuple[Word, ...] | None = None) -> Final:
    return Final(0, 0, text, 2.0, 4.0, EndReason.SILENCE, "en", 0.5, words)


def test_what_the_model_timed_is_kept() -> None:
    timed = (Word("Hello.", 2.5, 3.0, 0.7),)
    assert words_of(final("Hello.", timed)) == timed


def test_what_it_has_not_is_spread_by_length() -> None:
    assert words_of(final("one three")) == (
        Word("one", 2.0, 2.75, 0.5),
        Word("three", 2.75, 4.0, 0.5),
    )


def test_no_text_has_no_words() -> None:
    assert words_of(final("")) == ()


@settings(deadline=None)
@given(st.text(max_size=40), st.floats(0, 1e5), st.floats(0, 60))
def test_spread_words_fill_the_span_in_order(text: str, start: float, seconds: float) -> None:
    words = spread_words(text, start, start + seconds, 1.0)
    assert [word.text for word in words] == text.split()
    for word, after in itertools.pairwise(words):
        assert word.end == after.start
    for word in words:
        assert word.start <= word.end
    if words:
        assert words[0].start == start
        assert words[-1].end == pytest.approx(start + seconds)
