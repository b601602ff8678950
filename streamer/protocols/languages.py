"""Which of the model's languages a client means."""

from __future__ import annotations

from collections.abc import Sequence


def known_language(asked: str, languages: Sequence[str]) -> str | None:
    """Return the model's language for a code such as `en`, `en-US` or `EN_us`; None if it has none.

    An empty code means the model's first language.
    """
    code = asked.strip().lower().replace("_", "-")
    if not code:
        return languages[0]
    return next((one for one in (code, code.partition("-")[0]) if one in languages), None)
