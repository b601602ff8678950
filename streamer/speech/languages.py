"""What must be known of languages whatever the model."""

from __future__ import annotations

from collections.abc import Sequence

UNSPACED_LANGUAGES = frozenset({"ja", "zh"})
"""Written without spaces between words (model contract, section 3); Korean has them."""


def known_language(asked: str, languages: Sequence[str]) -> str | None:
    """Return the model's language for a code such as `en`, `en-US` or `EN_us`; None if it has none.

    The one rule of every door: case does not matter, and a region (or script, or variant) that the
    model does not name is left out. An empty code means the model's first language.
    """
    code = asked.strip().lower().replace("_", "-")
    if not code:
        return languages[0]
    known = {language.lower(): language for language in languages}
    return known.get(code) or known.get(code.partition("-")[0])
