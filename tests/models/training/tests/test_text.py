"""What the synthesisers are given to say."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.training.text import corpus, grammar, numbers


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "zero"),
        (21, "twenty-one"),
        (105, "one hundred and five"),
        (1_000, "one thousand"),
        (2_006, "two thousand and six"),
        (45_130, "forty-five thousand one hundred and thirty"),
    ],
)
def test_numbers_are_spelled_out(value: int, said: str) -> None:
    assert numbers.cardinal(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(1, "first"), (12, "twelfth"), (20, "twentieth"), (33, "thirty-third")]
)
def test_ordinals_are_spelled_out(value: int, said: str) -> None:
    assert numbers.ordinal(value) == said


def test_the_grammar_says_the_same_for_the_same_seed() -> None:
    first, second = ([grammar.sentence(Random(7)) for _ in range(5)] for _ in range(2))
    assert first == second


@given(st.integers())
def test_every_sentence_is_written_in_characters_that_the_model_has(seed: int) -> None:
    text = grammar.sentence(Random(seed))
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ '.,?!-")
    assert "{" not in text


def test_no_sentence_is_on_both_sides_of_the_split() -> None:
    rng = Random(3)
    trained = {corpus.plain_words(corpus.draw(rng, evaluation=False)) for _ in range(3000)}
    held = {corpus.plain_words(corpus.draw(rng, evaluation=True)) for _ in range(100)}
    assert not trained & held


def test_case_and_punctuation_do_not_move_a_sentence_across_the_split() -> None:
    rng = Random(4)
    for _ in range(200):
        text = corpus.draw(rng, evaluation=rng.random() < 0.5)
        assert corpus.held_out(text) == corpus.held_out(corpus.plain_words(text).upper() + "!")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, ""),
        (2, "Well, set"),
        (5, "Well, set thirty-seven alarms"),
        (3, "Well, set thirty"),
        (9, "Well, set thirty-seven alarms, please"),
    ],
)
def test_the_first_words_of_a_sentence_lose_the_punctuation_behind_them(
    count: int, text: str
) -> None:
    assert corpus.first_words("Well, set thirty-seven alarms, please.", count) == text
