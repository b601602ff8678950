"""Text that any terminal, pipe and log takes, whatever its encoding."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from pathlib import Path
from typing import TextIO


def shown(text: str | Path) -> str:
    """Write a name or a message in one printable line.

    A file's name may have any bytes but two: those that are no text, and characters that would
    break or colour the line, are written as escapes.
    """
    return "".join(one if one.isprintable() else _escape(one) for one in str(text))


def print_anything() -> None:
    """Have standard output write escapes for what its encoding lacks, as standard error does.

    The places of standard streams that are closed are taken, so that no socket comes to lie there.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def fitting_json(text: str, stream: TextIO) -> str:
    """Write what a stream's encoding lacks as JSON's own escapes."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, _JSON_ESCAPES).decode(encoding)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is no text (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _json_escapes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_JSON_ESCAPES = "streamer-json"
codecs.register_error(_JSON_ESCAPES, _json_escapes)
