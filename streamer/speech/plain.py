"""Text without punctuation."""

from __future__ import annotations

import re

_MARKS = (
    r"[.,;:!?\"'()\[\]{}\-"
    "\N{HORIZONTAL ELLIPSIS}\N{EN DASH}\N{EM DASH}"
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]+"
)
_AT_AN_EDGE = re.compile(rf"(?<!\w){_MARKS}|{_MARKS}(?!\w)")


def without_punctuation(text: str) -> str:
    """Take away the marks at the edges of words; those inside (don't, 3.5, well-known) stay."""
    return " ".join(_AT_AN_EDGE.sub(" ", text).split())
