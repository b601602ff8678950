"""A model that says the same over and over, until its row may not be longer."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_BLOCK = 16
"""Tokens of what is repeated."""


def length_without_loop(tokens: Sequence[int]) -> int:
    """Say how many tokens stand before a loop and in its first round; all where there is none.

    A loop is the first block of 1 to 16 tokens that comes twice running. It is looked for only in
    rows that did not end by themselves: people do say "no, no, no", and 1000 has three zeros.
    """
    for start in range(len(tokens)):
        for size in range(1, min(LONGEST_BLOCK, (len(tokens) - start) // 2) + 1):
            end = start + size
            if tokens[start:end] == tokens[end : end + size]:
                return end
    return len(tokens)
