"""Word errors, and where a pause may end an utterance."""

from __future__ import annotations

import pytest

pytest.importorskip("jiwer", reason="needs the extra loadtest")
pytest.importorskip("whisper_normalizer", reason="needs the extra loadtest")

from loadtest.run.wer.scoring import Errors, compared, is_one_sentence, summed


def test_case_punctuation_numbers_and_spelling_are_no_errors() -> None:
    assert compared("Mr. Smith's colour, twenty-one!", "mister smith's color 21").percent == 0


def test_words_in_round_brackets_are_said_and_notes_in_others_are_not() -> None:
    assert compared("the old (so called) school [sic]", "the old so called school").percent == 0
    assert compared("(one) those <noise> waiting", "(1) those waiting") == Errors(words=3)
    assert compared("(one) those", "those").missing == 1


def test_each_kind_of_error_is_counted_against_the_words_said() -> None:
    found = compared("the quick brown fox", "the quack fox jumps")
    assert (found.words, found.wrong + found.missing + found.extra) == (4, 3)
    assert found.percent == 75


def test_nothing_heard_is_all_missing_and_nothing_said_all_extra() -> None:
    assert compared("one day", "") == Errors(words=2, missing=2)
    assert compared("", "one day") == Errors(extra=2)


def test_long_texts_weigh_more_than_short_ones() -> None:
    found = summed([("a b c d e f g h i j", "a b c d e f g h i j"), ("yes sir", "no sir")])
    assert found.percent == pytest.approx(100 / 12)


@pytest.mark.parametrize(
    ("text", "one"),
    [("he was not ill disposed", True), ("So, it was.", True), ("It was. It is.", False)],
)
def test_a_sentence_is_one_where_nothing_stops_it(text: str, one: bool) -> None:
    assert is_one_sentence(text) is one
