"""Words and phrases that are replaced: a vocabulary of the caller's, and English profanity."""

from __future__ import annotations

import re
from collections.abc import Mapping

from streamer.masking.spans import Span, joined

PROFANITY = "***"

_PROFANE = re.compile(
    r"(?:mother|bull|horse|dip|dumb|jack|smart|bad|god|cock|dick)?-?"
    r"(?:fuck\w*|shit(?:s|t\w*|ty|head\w*)?|bitch\w*|cunts?|ass(?:es|holes?)|arse(?:s|holes?)?|"
    r"bastards?|damn(?:ed|it)?|cocksuck\w*|dickheads?|pricks?|wank\w*|bollocks|twats?|"
    r"piss(?:ed|es|ing|er|ers)?|whores?|sluts?|fagg?(?:ot)?s?|nigg(?:a|er)s?|retards?)",
    re.IGNORECASE,
)
"""Whole words only, so that Scunthorpe, Dickens and assume stay."""


def mask_profanity(spans: list[Span]) -> list[Span]:
    """Put the mark in the place of each word of English profanity."""
    return [joined([span], PROFANITY) if _PROFANE.fullmatch(span.core) else span for span in spans]


def replace_phrases(spans: list[Span], phrases: Mapping[str, str], *, gap: str) -> list[Span]:
    """Put others in the place of words and phrases, the longest first; case does not matter.

    `gap` stands between the words of the language.
    """
    wanted = {_key(phrase, gap): text for phrase, text in phrases.items()}
    longest = max(map(len, wanted), default=0)
    replaced: list[Span] = []
    place = 0
    while place < len(spans):
        end = _match(spans, place, wanted, longest, gap)
        if end is None:
            replaced.append(spans[place])
            place += 1
            continue
        text = wanted[_joined(spans[place:end], gap)]
        replaced.append(joined(spans[place:end], text))
        place = end
    return [span for span in replaced if span.text]


def _match(
    spans: list[Span], first: int, wanted: Mapping[str, str], longest: int, gap: str
) -> int | None:
    found: int | None = None
    for end in range(first + 1, len(spans) + 1):
        said = _joined(spans[first:end], gap)
        if len(said) > longest:
            break
        if said in wanted:
            found = end
    return found


def _joined(spans: list[Span], gap: str) -> str:
    return gap.join(span.core.casefold() for span in spans)


def _key(phrase: str, gap: str) -> str:
    return gap.join(phrase.casefold().split())
