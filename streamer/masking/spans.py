"""A transcript as a row of words, which rules join and replace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PARTS = re.compile(r"[\x21-\x7e]+|\S")
"""Words where no spaces tell them: runs of ASCII, and single characters of other scripts."""


_WIDE = "\u3002\u3001\uff01\uff1f\uff0c"
"""Chinese and Japanese punctuation."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is shown for the words from `first` until `end` of the transcript."""

    text: str
    first: int
    end: int

    @property
    def lead(self) -> str:
        """The punctuation before it."""
        inner = self.text.lstrip(_outer(self.text))
        return self.text[: len(self.text) - len(inner)] if inner else ""

    @property
    def core(self) -> str:
        """The text without outer punctuation; all of it where there is nothing else."""
        return self.text.strip(_outer(self.text)) or self.text

    @property
    def trail(self) -> str:
        """The punctuation behind it."""
        inner = self.text.rstrip(_outer(self.text))
        return self.text[len(inner) :] if inner else ""


def spans_of(words: Sequence[str]) -> list[Span]:
    """Return a span for each word."""
    return [Span(text, place, place + 1) for place, text in enumerate(words)]


def split(text: str, *, spaced: bool) -> list[str]:
    """Divide a transcript into words."""
    return text.split() if spaced else _PARTS.findall(text)


def joined(spans: Sequence[Span], text: str) -> Span:
    """Show a text for neighbours, between the punctuation around them."""
    first, last = spans[0], spans[-1]
    return Span(f"{first.lead}{text}{last.trail}", first.first, last.end)


def _outer(text: str) -> str:
    """The characters of a text that are punctuation where they stand outside.

    Whatever a word has of letters, marks and numbers of any script is none.
    """
    return "".join({one for one in text if not (one.isalnum() or ord(one) > 0x2FF)}) + _WIDE
