"""LocalAgreement-2: what two consecutive hypotheses agree on is settled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.session.stability import StableText


def stable_after(*hypotheses: str, language: str = "en") -> tuple[str, str]:
    text = StableText(language)
    shown = ""
    for hypothesis in hypotheses:
        shown = text.revise(hypothesis)
    return text.stable, shown


def test_one_hypothesis_settles_nothing() -> None:
    assert stable_after("turn on the") == ("", "turn on the")


def test_agreed_words_settle() -> None:
    assert stable_after("turn on the", "turn on the light") == ("turn on the", "turn on the light")


def test_a_word_agreed_in_part_does_not_settle() -> None:
    assert stable_after("turn on the li", "turn on the light")[0] == "turn on the"
    assert stable_after("turn on the light", "turn on the li")[0] == "turn on the"


def test_the_full_stop_that_a_hypothesis_ends_with_does_not_settle() -> None:
    assert stable_after("Good morning.", "Good morning, my")[0] == "Good morning"
    settled, shown = stable_after("Good morning.", "Good morning, my", "Good morning. My name")
    assert (settled, shown) == ("Good morning", "Good morning. My name")


def test_the_newest_hypothesiss_last_word_is_not_promised() -> None:
    assert stable_after("Good morning.", "Good morning.") == ("Good", "Good morning.")
    assert stable_after("今日は。", "今日は。", language="ja")[0] == "今日"
    assert stable_after("Seven", "Seven")[0] == ""


def test_punctuation_that_both_go_on_behind_settles() -> None:
    assert stable_after("Good morning, my", "Good morning, my name")[0] == "Good morning, my"
    assert stable_after("Good morning, I", "Good morning, my")[0] == "Good morning,"


def test_a_number_or_name_with_a_mark_inside_settles_as_a_whole() -> None:
    assert stable_after("it is 3", "it is 3.5")[0] == "it is"
    assert stable_after("at nine", "at nine-thirty")[0] == "at"


def test_what_is_settled_stays_when_a_hypothesis_contradicts_it() -> None:
    stable, shown = stable_after("ten past two", "ten past two", "tan past two today")
    assert stable == "ten past"
    assert shown == "ten past two today"


def test_languages_without_spaces_settle_by_character() -> None:
    assert stable_after("今日は", "今日はいい", language="ja")[0] == "今日は"
    assert stable_after("今日は", "今日はいい", "明日はいい天", language="ja")[1] == "今日はいい天"


@given(st.lists(st.text("ab ", max_size=12), max_size=8), st.sampled_from(["en", "zh"]))
def test_the_settled_part_only_grows_and_is_always_shown(texts: list[str], language: str) -> None:
    text = StableText(language)
    before = ""
    for hypothesis in texts:
        shown = text.revise(hypothesis)
        assert text.stable.startswith(before)
        assert shown.startswith(text.stable)
        before = text.stable
