"""Word error rate as the Whisper papers count it: over an English normaliser's forms, not the raw text."""

from collections.abc import Sequence
from functools import cache

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer


@cache
def _normaliser() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def normalised(text: str) -> str:
    """Lower case, no punctuation, numbers as digits, contractions opened, one spelling of each word."""
    return " ".join(_normaliser()(text).split())


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors over reference words of the whole set. References must hold words."""
    return jiwer.wer([normalised(r) for r in references], [normalised(h) for h in hypotheses])


def character_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    return jiwer.cer([normalised(r) for r in references], [normalised(h) for h in hypotheses])
