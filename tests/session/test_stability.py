"""LocalAgreement-2, and what is shown: what two consecutive hypotheses agree on is settled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.session.stability import StableText


def stable_after(*hypotheses: str, language: str = "en") -> tuple[str, str]:
    text = StableText(language)
    shown = ""
    for hypothesis in hypotheses:
        shown = text.revise(hypothesis, goes_on=False)
    return text.stable, shown


def test_one_hypothesis_settles_nothing() -> None:
    assert stable_after("turn on the") == ("", "turn on the")


def test_agreed_words_settle() -> None:
    settled, shown = stable_after("turn on the", "turn on the light now")
    assert (settled, shown) == ("turn on the", "turn on the light now")


def test_a_word_agreed_in_part_does_not_settle() -> None:
    assert stable_after("turn on the li", "turn on the light right now")[0] == "turn on the"
    assert stable_after("turn on the light", "turn on the li in here")[0] == "turn on the"


def test_the_full_stop_that_a_hypothesis_ends_with_does_not_settle() -> None:
    assert stable_after("Good morning.", "Good morning, my dear")[0] == "Good morning"
    settled, shown = stable_after("Good morning.", "Good morning, my dear", "Good morning. My name")
    assert (settled, shown) == ("Good morning", "Good morning. My name")


def test_the_newest_hypothesiss_last_two_words_are_not_promised() -> None:
    assert stable_after("Good morning, my dear.", "Good morning, my dear.")[0] == "Good morning,"
    assert stable_after("今日は。", "今日は。", language="ja")[0] == "今"
    assert stable_after("Seven seven", "Seven seven")[0] == ""


def test_punctuation_that_both_go_on_behind_settles() -> None:
    assert stable_after("Good morning, my", "Good morning, my dear old")[0] == "Good morning, my"
    assert stable_after("Good morning, I", "Good morning, my dear")[0] == "Good morning,"


def test_a_number_or_name_with_a_mark_inside_settles_as_a_whole() -> None:
    assert stable_after("it is 3", "it is 3.5 or so")[0] == "it is"
    assert stable_after("at nine", "at nine-thirty or so")[0] == "at"


def test_what_is_settled_stays_when_a_hypothesis_contradicts_it() -> None:
    stable, shown = stable_after(
        "ten past two o'clock", "ten past two o'clock", "tan past two today"
    )
    assert stable == "ten past"
    assert shown == "ten past two today"


def test_languages_without_spaces_settle_by_character() -> None:
    assert stable_after("今日は", "今日はいい天", language="ja")[0] == "今日は"
    assert stable_after("今日は", "今日はいい", "明日はいい天", language="ja")[1] == "今日はいい天"


def test_the_last_word_is_not_shown_while_speech_goes_on() -> None:
    text = StableText("en")
    assert text.revise("turn on the li.", goes_on=True) == "turn on the"
    assert text.revise("turn on the light", goes_on=False) == "turn on the light"
    assert StableText("ja").revise("今日は。", goes_on=True) == "今日"


def test_a_first_word_is_shown_at_once() -> None:
    assert StableText("en").revise("Turn.", goes_on=True) == "Turn."


def test_what_is_settled_is_shown_although_it_is_the_last_word() -> None:
    text = StableText("en")
    for hypothesis in ("ten past two o'clock", "ten past two o'clock"):
        text.revise(hypothesis, goes_on=True)
    assert text.revise("ten past", goes_on=True) == "ten past"


@given(
    st.lists(st.tuples(st.text("ab. ", max_size=12), st.booleans()), max_size=8),
    st.sampled_from(["en", "zh"]),
)
def test_the_settled_part_only_grows_and_is_always_shown(
    texts: list[tuple[str, bool]], language: str
) -> None:
    text = StableText(language)
    before = ""
    for hypothesis, goes_on in texts:
        shown = text.revise(hypothesis, goes_on=goes_on)
        assert text.stable.startswith(before)
        assert shown.startswith(text.stable)
        before = text.stable
