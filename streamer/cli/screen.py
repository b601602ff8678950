"""Text on a terminal of any width: no word is broken that fits a line."""

from __future__ import annotations

import os
import shutil
import sys

from streamer.speech.subtitle_text import columns

INDENT = "  "


def is_live() -> bool:
    """Whether what is printed can be changed in place."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def room() -> int:
    """Columns behind the indent, as the terminal is now; its last one makes some break the line."""
    return max(1, shutil.get_terminal_size().columns - len(INDENT) - 1)


def last_words(text: str, width: int) -> int:
    """Return where the end of a text begins that fits so many columns, an ellipsis before it."""
    if columns(text) <= width:
        return 0
    at, left = len(text), width - columns("… ")
    while at and (left := left - columns(text[at - 1])) >= 0:
        at -= 1
    if at and text[at - 1] == " ":
        return at
    return text.find(" ", at) + 1 or min(at, len(text) - 1)


def wrapped(text: str, width: int) -> str:
    """Break a text between words, so that each line has at most so many columns if its words do."""
    lines: list[str] = []
    for word in text.split():
        if lines and columns(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return f"\n{INDENT}".join(lines)
