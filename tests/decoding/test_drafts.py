"""Drafts: where in an earlier hypothesis the present one is, after it said something else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.decoding.drafts import WINDOW, Draft

DRAFT = (1, 2, 3, 4, 5, 6, 7, 8, 9)


def after(*heard: int) -> tuple[int, ...]:
    """What the draft guesses once this was heard, token by token."""
    draft = Draft(DRAFT)
    for end in range(1, len(heard) + 1):
        draft.follow(heard[:end], 1)
    return draft.ahead(3)


@pytest.mark.parametrize(
    ("heard", "guess"),
    [
        ((), (1, 2, 3)),
        ((1, 2), (3, 4, 5)),
        ((1, 2, 70), ()),  # no trace of the draft: nothing to guess from
        ((1, 2, 70, 4), (5, 6, 7)),  # one token instead of another
        ((1, 2, 5), (6, 7, 8)),  # tokens left out
        ((1, 2, 70, 3), (4, 5, 6)),  # a token more
        ((1, 2, 70, 71, 5), (6, 7, 8)),
        ((1, 2, 70, 71, 72, 3, 4), (5, 6, 7)),
        (DRAFT, ()),
        ((*DRAFT, 70, 71), ()),
    ],
)
def test_the_guess_goes_on_where_the_draft_agrees_again(
    heard: tuple[int, ...], guess: tuple[int, ...]
) -> None:
    assert after(*heard) == guess


def test_several_tokens_at_once_are_followed_like_one_by_one() -> None:
    draft = Draft(DRAFT)
    draft.follow((1, 2, 70, 4, 5), 5)
    assert draft.ahead(2) == (6, 7)


def test_the_longest_stretch_in_common_says_where_the_draft_is() -> None:
    draft = Draft((1, 2, 9, 5, 1, 3, 9, 6))
    draft.follow((7, 1, 3), 3)
    assert draft.ahead(2) == (9, 6)


@pytest.mark.parametrize("draft", [(), (1, 2)])
def test_a_row_without_a_draft_or_far_beyond_its_end_looks_for_nothing(
    draft: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def ending(one: Sequence[int], other: Sequence[int]) -> int:
        looked.append(len(other))
        return 0

    monkeypatch.setattr("streamer.decoding.drafts._common_ending", ending)
    row = Draft(draft)
    heard = [50 + n for n in range(30)]
    for end in range(1, len(heard) + 1):
        row.follow(heard[:end], 1)
    assert len(looked) <= len(draft) * (len(draft) + WINDOW)


@given(
    st.lists(st.integers(0, 4), max_size=12),
    st.lists(st.integers(0, 4), max_size=20),
    st.integers(0, 5),
)
def test_a_guess_is_a_stretch_of_the_draft_and_never_longer_than_asked(
    tokens: list[int], heard: list[int], most: int
) -> None:
    draft = Draft(tokens)
    for end in range(1, len(heard) + 1):
        draft.follow(heard[:end], 1)
        guess = draft.ahead(most)
        assert len(guess) <= most
        assert any(tuple(tokens[i : i + len(guess)]) == guess for i in range(len(tokens) + 1))
