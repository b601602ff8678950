"""Word errors, after Whisper's English normaliser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

_whispers = EnglishTextNormalizer()
_ROUND_BRACKETS = re.compile(r"[()]")
_INNER_STOP = re.compile(r"[.?!;:].*\w")


@dataclass(frozen=True, slots=True)
class Errors:
    """Of any number of texts; they can be added."""

    words: int = 0
    """Of the references."""
    wrong: int = 0
    missing: int = 0
    extra: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.words + other.words,
            self.wrong + other.wrong,
            self.missing + other.missing,
            self.extra + other.extra,
        )

    @property
    def percent(self) -> float:
        """The word error rate; above 100 where more is made up than was said."""
        return 100 * (self.wrong + self.missing + self.extra) / max(1, self.words)


def normalised(text: str) -> str:
    """Whisper's English normaliser, but what stands in round brackets was said.

    The normaliser drops it with the brackets, since subtitles write "(applause)"; in books it is
    read aloud: "(one), those awaiting trial". What stands in square or pointed brackets is dropped,
    as nobody says "[sic]" or "<noise>".
    """
    return _whispers(_ROUND_BRACKETS.sub(" ", text))


def compared(reference: str, heard: str) -> Errors:
    """Count what is wrong in a text."""
    said, got = normalised(reference), normalised(heard)
    if not said:
        return Errors(extra=len(got.split()))
    found = jiwer.process_words(said, got)
    words = found.hits + found.substitutions + found.deletions
    return Errors(words, found.substitutions, found.deletions, found.insertions)


def summed(pairs: Iterable[tuple[str, str]]) -> Errors:
    """Count what is wrong in texts that were heard, each behind its reference."""
    return sum((compared(said, heard) for said, heard in pairs), Errors())


def is_one_sentence(reference: str) -> bool:
    """Whether no sentence, or half of one, ends before the end: no pause may end an utterance."""
    return _INNER_STOP.search(reference) is None
