"""Text without punctuation."""

from __future__ import annotations

import re

_MARKS = r"[.,;:!?…\"“”‘’'()\[\]{}–—-]+"
_AT_AN_EDGE = re.compile(rf"(?<!\w){_MARKS}|{_MARKS}(?!\w)")


def without_punctuation(text: str) -> str:
    """Take away the marks at the edges of words; those inside (don't, 3.5, well-known) stay."""
    return " ".join(_AT_AN_EDGE.sub(" ", text).split())
