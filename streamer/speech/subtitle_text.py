"""How subtitles see a text: pieces that are not to be cut, how wide they are, where they end well.

`web/transcript/subtitle-text.js` is the same for the page; tests/speech/subtitles.json holds both
to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

LINE_COLUMNS = 42
"""Of one line: what the style guides of broadcasters and streaming services allow for Latin
scripts. A wide character counts as two columns."""

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)
"""Blocks of wide characters in Unicode's East Asian Width, and its pictures."""
_UNSPACED = re.compile(
    "[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\U00020000-\U0003fffd]"
)
"""The same without Hangul and pictures: a line may begin or end at any of them."""
_CLOSING = re.compile("[\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\u300d\u300f\uff09\u30fc]")
_OPENING = re.compile("[\u300c\u300e\uff08]")
"""Marks that begin no line, and that end none."""
_SENTENCE = re.compile("[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019\u00bb)\\]\u300d\u300f]*$")
_CLAUSE = re.compile("[,;:\u2013\u2014\u3001\uff0c\uff1b\uff1a][\"'\u201d\u2019\u00bb)\\]\u300d]*$")
_ABBREVIATION = re.compile(r"^(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|vs|No)\.$")


class Ending(IntEnum):
    """What ends with a piece: the lower, the better to cut behind it."""

    SENTENCE = 0
    CLAUSE = 1
    WORD = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """What is not to be cut: a word, or a part of one where there are no spaces, or too few.

    A `spaced` piece has a space before it, where it does not begin a line.
    """

    text: str
    spaced: bool
    ending: Ending
    columns: int


def columns(text: str) -> int:
    """Return how wide a text is."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def pieces(word: str) -> Iterator[Piece]:
    """Cut a word, which has no spaces inside, wherever it may be cut."""
    for number, part in enumerate(_parts(word)):
        yield Piece(part, number == 0, _ending(part), columns(part))


def _parts(word: str) -> Iterator[str]:
    part, width = "", 0
    breakable = False  # behind what `part` ends with
    for character in word:
        own = _columns(character)
        unspaced = _UNSPACED.match(character) is not None
        may_break = (unspaced or breakable) and not _CLOSING.match(character)
        joined = own == 0 or part.endswith("\u200d")
        if part and not joined and (may_break or width + own > LINE_COLUMNS):
            yield part
            part, width = "", 0
        part, width = part + character, width + own
        if own:
            breakable = unspaced and not _OPENING.match(character)
    yield part


def _columns(character: str) -> int:
    """Return 0 for what is drawn on the character before it, or ties the next one to it."""
    if character == "\u200d" or unicodedata.category(character).startswith("M"):
        return 0
    return 2 if _WIDE.match(character) else 1


def _ending(part: str) -> Ending:
    if _SENTENCE.search(part) and not _ABBREVIATION.match(part):
        return Ending.SENTENCE
    return Ending.CLAUSE if _CLAUSE.search(part) else Ending.WORD
