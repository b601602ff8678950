"""What is masked is seen by nobody, in whatever way a text comes to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.masking.rules import Redacted, TextRules
from streamer.session.settings import StreamSettings
from streamer.session.utterance import Utterance
from streamer.speech.hypothesis import Hypothesis, Word

NUMBERS = TextRules("en", frozenset({Redacted.NUMBERS}))
EMAILS = TextRules("en", frozenset({Redacted.EMAILS}))

WORDS = "four twenty-three 42 4 1,5 \u0664 \u00bd and point B2B the . dot at x@y.de \u56db Oh $5."
PIECES = st.sampled_from([*WORDS.split(), " ", "  ", " "])
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30)


def told(rules: TextRules, text: str) -> str:
    """What is told of a hypothesis that says this."""
    return rules.apply(Hypothesis(text, (), 1.0)).text


def numeric(text: str) -> bool:
    """Whether a text has a digit of any script."""
    return any(one.isnumeric() for one in text)


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("Call 555-1234 now.", "Call [number] now."),
        ("It is twenty-three and four, oh five!", "It is [number]!"),
        ("Meet the first of them at 5pm,", "Meet the [number] of them at [number],"),
        ("B2B or MP3s", "[number] or [number]"),
        ("Nothing at all", "Nothing at all"),
    ],
)
def test_numbers_are_one_mark_each_run(said: str, masked: str) -> None:
    assert told(NUMBERS, said) == masked


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("Mail anna dot smith at example dot com please.", "Mail [email] please."),
        ("Mail Anna.Smith@example.com.", "Mail [email]."),
        ("a n n a at example.org", "[email]"),
        ("Meet me at the dot", "Meet me at the dot"),
    ],
)
def test_addresses_are_masked_as_written_and_as_said(said: str, masked: str) -> None:
    assert told(EMAILS, said) == masked


@given(TEXTS)
def test_no_digit_is_told_of_any_text_in_any_language(text: str) -> None:
    for language in ("en", "de", "ja"):
        assert not numeric(told(TextRules(language, frozenset({Redacted.NUMBERS})), text))


@given(st.lists(TEXTS.filter(str.strip), max_size=8))
def test_no_word_has_a_digit_and_times_go_on(texts: list[str]) -> None:
    words = tuple(Word(text, at, at + 1.0, 0.5) for at, text in enumerate(texts))
    for language in ("en", "ja"):
        rules = TextRules(language, frozenset(Redacted))
        masked = rules.apply(Hypothesis(" ".join(texts), (), 1.0, words)).words or ()
        assert not any(numeric(word.text) for word in masked)
        ends = [end for word in masked for end in (word.start, word.end)]
        assert ends == sorted(ends)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.data())
def test_partials_show_no_digit_and_take_nothing_stable_back(
    texts: list[str], data: st.DataObject
) -> None:
    settings = StreamSettings(language="en", redact=tuple(Redacted), profanity="mask")
    utterance = Utterance(0, 0, settings)
    stable = ""
    for number, text in enumerate(texts, 1):
        words = tuple(Word(one, 0.0, 0.0, None) for one in text.split())
        heard = Hypothesis(text, (), 1.0, words)
        utterance.accept(number, heard, exact=data.draw(st.booleans()))
        assert utterance.shown.startswith(stable)
        stable = utterance.shown[: utterance.stable]
        said = [utterance.shown, utterance.hypothesis.text]
        said += [word.text for word in utterance.hypothesis.words or ()]
        assert not any(map(numeric, said))


def test_an_address_is_not_seen_while_it_is_being_said() -> None:
    text = "my address is anna dot smith at example dot com and that is all"
    said = text.split()
    utterance = Utterance(0, 0, StreamSettings(language="en", redact=(Redacted.EMAILS,)))
    seen: list[str] = []
    for count in range(1, len(said) + 1):
        for exact in (False, True):
            heard = Hypothesis(" ".join(said[:count]), (), 1.0)
            utterance.accept(count, heard, exact=exact)
            seen.append(utterance.shown)
    assert not any(word in text for text in seen for word in ("anna", "smith", "example"))
    assert seen[-1] == "my address is [email] and that is"


def test_a_number_that_grows_does_not_change() -> None:
    utterance = Utterance(0, 0, StreamSettings(language="en", redact=(Redacted.NUMBERS,)))
    seen: list[str] = []
    for text in ("My code is 4", "My code is 42", "My code is 42 7", "My code is 4270 and"):
        utterance.accept(1, Hypothesis(text, (), 1.0), exact=True)
        seen.append(utterance.shown)
    assert seen == ["My code is [number]"] * 3 + ["My code is [number] and"]


def test_profanity_is_masked_and_what_only_looks_like_it_is_not() -> None:
    rules = TextRules("en", profanity=True)
    said = "Damn, Dickens of Scunthorpe assumes shit."
    assert told(rules, said) == "***, Dickens of Scunthorpe assumes ***."


def test_phrases_are_replaced_whole_the_longest_first_and_before_masking() -> None:
    phrases = {"cooper netties": "Kubernetes", "cooper": "Cooper", "see three": "C3"}
    replacing = TextRules("en", replaced=phrases)
    said = "Cooper netties, and cooper's see three!"
    assert told(replacing, said) == "Kubernetes, and cooper's C3!"
    assert told(TextRules("en", frozenset(Redacted), replaced=phrases), "see three") == "[number]"
    words = (Word("cooper", 0.0, 0.4, 0.9), Word("netties.", 0.5, 1.0, 0.5))
    heard = Hypothesis("cooper netties.", (), 1.0, words)
    assert replacing.apply(heard).words == (Word("Kubernetes.", 0.0, 1.0, 0.5),)


def test_without_spaces_runs_are_masked() -> None:
    rules = TextRules("ja", frozenset(Redacted), replaced={"\u6771\u4eac": "Tokyo"})
    assert told(rules, "\u79c1\u306f42\u6b73") == "\u79c1\u306f[number]\u6b73"
    assert told(rules, "\u6771\u4eaca.b@c.jp") == "Tokyo[email]"
    words = tuple(Word(one, 0.0, 1.0, None) for one in ("anna", "@", "c.jp", "\u3067"))
    masked = rules.apply(Hypothesis("", (), 1.0, words)).words or ()
    assert [word.text for word in masked] == ["[email]", "\u3067"]
