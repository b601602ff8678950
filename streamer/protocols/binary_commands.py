"""Commands that come where audio is meant: many libraries send bytes unless told otherwise."""

from __future__ import annotations

import json

MAX_BYTES = 16_384
"""As long as a command may be."""


def command_in(message: bytes) -> str | None:
    """Return the type of the command that a binary message is, None where it is none.

    A whole JSON object with a type in it is no audio: 16 bytes of that alone are as likely as the
    same password guessed.
    """
    if message[:1] != b"{" or len(message) > MAX_BYTES or message.rstrip()[-1:] != b"}":
        return None
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None


def told(kind: str) -> str:
    """Say what became of it."""
    return (
        f"a command ({kind[:40]!r}) came as a binary message: it was neither carried out nor taken "
        "as audio; send commands as text"
    )
