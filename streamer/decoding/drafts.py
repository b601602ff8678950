"""A draft: what an earlier pass over less of the same audio heard, as a guess at what comes next.

Guesses only decide how many tokens one decoder call can check, never which are chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

WINDOW = 6
"""Tokens around its place among which a draft is searched for what was heard instead."""
AHEAD = 4
"""Tokens guessed in a step. More save few calls, and rows without a draft are padded to as many:
on the embedded model 4 took less CPU time than none, 8 more."""


class Draft:
    """A draft, and the place in it up to which the present pass has got."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = tuple(tokens)
        self._place = 0
        self._agrees = True

    def ahead(self, most: int = AHEAD) -> tuple[int, ...]:
        """Guess what comes next: at most so many tokens.

        Right after a disagreement that left no trace of the draft it is not worth a guess.
        """
        return self._tokens[self._place : self._place + most] if self._agrees else ()

    def follow(self, decoded: Sequence[int], new: int) -> None:
        """Go on by the last `new` tokens of all that the present pass has heard."""
        for end in range(len(decoded) - new + 1, len(decoded) + 1):
            self._agrees = self._tokens[self._place : self._place + 1] == (decoded[end - 1],)
            if self._agrees:
                self._place += 1
            else:
                self._find(decoded[:end])

    def _find(self, decoded: Sequence[int]) -> None:
        """Look nearby for the longest stretch that ends like what was heard, and go on behind it.

        Where there is none, one token was heard instead of another.
        """
        best = (0, 0, self._place + 1)
        end = min(self._place + WINDOW, len(self._tokens))
        for place in range(max(0, self._place - WINDOW), end):
            length = _common_ending(self._tokens[: place + 1], decoded)
            best = max(best, (length, -abs(place - self._place), place + 1))
        self._agrees = best[0] > 0
        self._place = best[2]


def _common_ending(one: Sequence[int], other: Sequence[int]) -> int:
    length = 0
    while length < min(len(one), len(other)) and one[-1 - length] == other[-1 - length]:
        length += 1
    return length
