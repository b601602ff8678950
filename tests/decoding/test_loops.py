"""Of a loop one round is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.decoding.loops import LONGEST_BLOCK, length_without_loop

BLOCKS = st.lists(st.integers(0, 99), min_size=1, max_size=LONGEST_BLOCK, unique=True)


@given(st.lists(st.integers(100, 199), unique=True), BLOCKS, st.integers(2, 5), st.data())
def test_what_stands_before_a_loop_and_one_round_are_kept(
    before: list[int], block: list[int], rounds: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(block) - 1))
    tokens = [*before, *block * rounds, *block[:cut]]
    assert length_without_loop(tokens) == len(before) + len(block)


@given(st.lists(st.integers(0, 999), unique=True))
def test_what_does_not_repeat_stays_whole(tokens: list[int]) -> None:
    assert length_without_loop(tokens) == len(tokens)
