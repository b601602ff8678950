"""What partials take back: of their words, and of what they promised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from streamer.protocols.native.messages import Final, Partial, ServerMessage

_MARKS = re.compile(r"[^\w\s']")


@dataclass(frozen=True, slots=True)
class Flicker:
    """Words erased and of finals, case and punctuation aside; they can be added."""

    partials: int = 0
    erased: int = 0
    words: int = 0
    taken_back: int = 0
    """Partials whose stable text a later partial did not begin with: there may be none."""
    overruled: int = 0
    """Finals that did not begin with what was stable, to the letter."""

    def __add__(self, other: Flicker) -> Flicker:
        return Flicker(
            self.partials + other.partials,
            self.erased + other.erased,
            self.words + other.words,
            self.taken_back + other.taken_back,
            self.overruled + other.overruled,
        )

    @property
    def ratio(self) -> float:
        """Erased words over final ones (Arivazhagan et al. 2020, in words)."""
        return self.erased / max(1, self.words)


def flicker(messages: Sequence[ServerMessage]) -> Flicker:
    """Measure one stream of one channel."""
    utterances: dict[int, list[Partial]] = {}
    total = Flicker()
    for message in messages:
        if isinstance(message, Partial):
            utterances.setdefault(message.utterance, []).append(message)
        elif isinstance(message, Final):
            total += _of_utterance(utterances.pop(message.utterance, []), message)
    return total


def _of_utterance(partials: Sequence[Partial], final: Final) -> Flicker:
    words = [plain(one.text) for one in (*partials, final)]
    erased = sum(len(before) - _common(before, after) for before, after in pairwise(words))
    promised = [one.text[: one.stable] for one in partials]
    taken_back = sum(
        any(not later.text.startswith(text) for later in partials[place + 1 :])
        for place, text in enumerate(promised)
    )
    overruled = not final.text.startswith(promised[-1]) if promised else False
    return Flicker(len(partials), erased, len(words[-1]), taken_back, int(overruled))


def plain(text: str) -> list[str]:
    """Words without case and punctuation."""
    return _MARKS.sub(" ", text.lower()).split()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
