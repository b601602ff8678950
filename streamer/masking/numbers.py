"""Numbers, in digits of any script and in English words, are one mark each run of them.

The mark is the same for every number, so that it tells no digit and not even how many there are,
and does not change while a number grows from partial to partial.
"""

from __future__ import annotations

from streamer.masking.spans import Span, joined

NUMBER = "[number]"

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fourty fifty sixty seventy eighty ninety"
_LARGE = "hundred thousand million billion trillion"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
    "thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth "
    "thousandth millionth"
)
_PLURALS = [
    "sixes",
    *(f"{one}s" for one in f"{_ONES} {_LARGE}".split()),
    *(f"{one[:-1]}ies" for one in _TENS.split()),
]
NUMBER_WORDS = frozenset([*f"{_ONES} {_TENS} {_LARGE} {_ORDINALS}".split(), *_PLURALS])
"""English words that are numbers, wherever they stand: "one of us" is masked too."""

_WITHIN = frozenset({"and", "point", "oh", "o", "double", "triple", "dash", "minus", "slash"})
"""Words that belong to a number between two parts of it."""


def mask_numbers(spans: list[Span], *, spelled: bool) -> list[Span]:
    """Put the mark in the place of each run of numbers; of `spelled` ones where words are known."""
    masked: list[Span] = []
    place = 0
    while place < len(spans):
        if not _is_number(spans[place], spelled=spelled):
            masked.append(spans[place])
            place += 1
            continue
        end = place + 1
        while end < len(spans):
            within = spelled and spans[end].core.casefold() in _WITHIN
            step = 2 if within and end + 1 < len(spans) else 1
            if not _is_number(spans[end + step - 1], spelled=spelled):
                break
            end += step
        masked.append(joined(spans[place:end], NUMBER))
        place = end
    return masked


def _is_number(span: Span, *, spelled: bool) -> bool:
    if any(one.isnumeric() for one in span.text):
        return True
    if not spelled:
        return False
    parts = span.core.casefold().replace("\u2019", "'").removesuffix("'s").replace("-", " ").split()
    return any(part in NUMBER_WORDS for part in parts)
