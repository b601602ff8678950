"""Deepgram's `redact`, `profanity_filter` and `replace`, as both of its doors take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamer.masking.rules import Redacted
from streamer.session.settings import InvalidSettingError

_KINDS = {
    **dict.fromkeys(
        ("true", "numbers", "number", "numerals", "aggressive_numbers", "pci", "ssn", "cvv"),
        Redacted.NUMBERS,
    ),
    **dict.fromkeys(("credit_card", "account_number", "phone_number"), Redacted.NUMBERS),
    **dict.fromkeys(("email_address", "email", "emails"), Redacted.EMAILS),
}
"""What is a kind of number is masked as all numbers are. `pii` and others need an understanding of
the text, and are refused: what was to be kept from view must not be seen."""


def asked_masking(query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the settings of a query; raises InvalidSettingError for what cannot be redacted."""
    kinds: list[Redacted] = []
    for asked in (value.lower() for name, value in query if name == "redact"):
        if asked in ("", "false"):
            continue
        if asked not in _KINDS:
            problem = f"{asked!r} cannot be redacted here"
            raise InvalidSettingError("redact", problem, list(_KINDS))
        kinds.append(_KINDS[asked])
    filtered = [value.lower() for name, value in query if name == "profanity_filter"]
    pairs = (value.partition(":") for name, value in query if name == "replace")
    return {
        "redact": kinds,
        "profanity": "mask" if "true" in filtered else "keep",
        "replace": {phrase: text for phrase, _, text in pairs},
    }
