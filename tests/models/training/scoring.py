"""Word error rate over plain words: lower case, no punctuation, hyphens opened.

Not Whisper's normaliser: it joins spoken digits into one number ("two three nine" to "239"), so
that a telephone number would count as a single word. References and output both spell numbers out.
"""

import re
from collections.abc import Sequence

import jiwer


def normalised(text: str) -> str:
    """The words that are counted."""
    text = text.lower().replace("p.m.", "pm").replace("a.m.", "am").replace("\u2019", "'")
    return " ".join(re.sub(r"[^\w' ]+", " ", text).split())


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors over reference words of the whole set. References must hold words."""
    return jiwer.wer([normalised(r) for r in references], [normalised(h) for h in hypotheses])


def character_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors over reference characters, likewise."""
    return jiwer.cer([normalised(r) for r in references], [normalised(h) for h in hypotheses])
