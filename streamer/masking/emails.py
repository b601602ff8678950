"""Addresses of electronic mail, as they are written and as they are said in English.

An address is known as one only when its domain is heard. What may still become one is therefore
held back in partials: `held_from` tells from where.
"""

from __future__ import annotations

from streamer.masking.spans import Span, joined

EMAIL = "[email]"

_AT_SIGNS = "@\uff20"
_BETWEEN = frozenset({"dot", "underscore", "dash", "hyphen", "point", "plus"})
_FAR = 40
"""Words from the end of a partial within which the beginning of an address is looked for."""


def mask_emails(spans: list[Span]) -> list[Span]:
    """Put the mark in the place of each address."""
    masked: list[Span] = []
    place = 0
    while place < len(spans):
        end = _address_end(spans, place)
        if end is None:
            masked.append(spans[place])
            place += 1
            continue
        masked.append(joined(spans[place:end], EMAIL))
        place = end
    return masked


def held_from(spans: list[Span]) -> int:
    """Say from which word on a partial may be the beginning of an address."""
    for first in range(max(0, len(spans) - _FAR), len(spans)):
        if spans[first].text and _may_become(spans, first):
            return first
    return len(spans)


def _address_end(spans: list[Span], first: int) -> int | None:
    """Say where an address that begins here ends."""
    if any(sign in spans[first].text for sign in _AT_SIGNS):
        return first + 1
    at = _local_end(spans, first)
    if at >= len(spans) or _word(spans, at) != "at" or at + 1 >= len(spans):
        return None
    end = _domain_end(spans, at + 1)
    dotted = "." in spans[at + 1].core.strip(".") or end > at + 2
    return min(end, len(spans)) if dotted and end <= len(spans) else None


def _may_become(spans: list[Span], first: int) -> bool:
    at = _local_end(spans, first)
    if at >= len(spans):
        return True
    if _word(spans, at) != "at":
        return False
    return at + 1 >= len(spans) or _domain_end(spans, at + 1) >= len(spans)


def _local_end(spans: list[Span], first: int) -> int:
    """Say where a name of an account ends: "anna dot b", "a n n a"; beyond all words if cut."""
    end = first + 1
    while end < len(spans):
        if _word(spans, end) in _BETWEEN:
            end += 2
        elif _is_letter(spans, end - 1) and _is_letter(spans, end):
            end += 1
        else:
            break
    return end


def _domain_end(spans: list[Span], first: int) -> int:
    end = first + 1
    while end < len(spans) and _word(spans, end) in _BETWEEN:
        end += 2
    return end


def _word(spans: list[Span], place: int) -> str:
    return spans[place].core.casefold()


def _is_letter(spans: list[Span], place: int) -> bool:
    return len(spans[place].core) == 1
