"""Utterances as subtitles that can be read: short cues, cut where a reader expects it.

`web/transcript/subtitles.js` is the same for the page; tests/speech/subtitles.json holds both to
it. Costs are whole numbers, so that both choose alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest

from streamer.speech.hypothesis import Word
from streamer.speech.subtitle_text import LINE_COLUMNS, Ending, Piece, columns, pieces
from streamer.speech.word_spans import spread_words

LONGEST_S = 7.0
"""A cue that stands longer is read twice."""
SHORTEST_S = 1.0
"""A cue that goes sooner is missed."""
COLUMNS_A_SECOND = 17
"""How fast a text is read with ease, as broadcasters have it."""
SLOWEST_COLUMNS_A_SECOND = 6
"""Speech that is slower is taken to have silence or noise behind it, where no words' times are
known: at this pace a line lasts for the longest cue."""

_CUE = 1000
_CUT = {Ending.SENTENCE: 0, Ending.CLAUSE: 500, Ending.WORD: 2000}
"""What a cue costs, and to end it behind a piece: rather a cue more than half a clause in each."""
_FULL = 400
"""What a full cue costs by its width: it goes by the square, so that even cues cost least."""
_BREAK = {Ending.SENTENCE: 0, Ending.CLAUSE: 8, Ending.WORD: 16}
"""Columns by which two lines may differ more for their break to be at a better place."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance to be shown; a `label` before each of its cues takes `label_columns`."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...] | None = None
    label_columns: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end` (seconds): one line or two, without a label.

    The first may be empty: the label then stands there alone, before a word that is as long.
    """

    start: float
    end: float
    lines: tuple[str, ...]


def cues_of(utterances: Iterable[Spoken]) -> Iterator[Cue]:
    """Yield the cues of one channel's utterances, which are in order.

    A cue has at most two lines of `LINE_COLUMNS`, stands for at most `LONGEST_S`, and begins with
    its first word. It stays for as long as it takes to read it where the next one leaves the time:
    no two overlap. Words have the model's times if it has told them, else estimates.
    """
    cues = [cue for utterance in utterances for cue in _Cutting(utterance).cues()]
    free_from = 0.0
    for cue, following in zip_longest(cues, cues[1:]):
        start = max(cue.start, free_from)
        reading = max(SHORTEST_S, sum(map(columns, cue.lines)) / COLUMNS_A_SECOND)
        end = min(max(cue.end, start + reading), start + LONGEST_S)
        if following is not None:
            end = min(end, max(following.start, start + 0.001))
        free_from = end
        yield replace(cue, start=start, end=end)


class _Cutting:
    """One utterance that is being cut. Positions are indices of pieces."""

    def __init__(self, utterance: Spoken) -> None:
        self._room = LINE_COLUMNS - utterance.label_columns  # of a cue's first line
        self._pieces: list[Piece] = []
        self._starts: list[float] = []
        self._ends: list[float] = []
        for word in _words(utterance):
            said = 0
            for piece in pieces(word.text):
                self._pieces.append(piece)
                self._starts.append(_at(word, said))
                said += len(piece.text)
                self._ends.append(_at(word, said))
        widths = (piece.columns + piece.spaced for piece in self._pieces)
        self._before = [0, *accumulate(widths)]  # columns, in one long line

    def cues(self) -> Iterator[Cue]:
        """Cut where all cues together cost least."""
        first = 0
        for last in self._cuts():
            yield Cue(self._starts[first], self._ends[last - 1], self._lines(first, last))
            first = last

    def _cuts(self) -> Iterator[int]:
        count = len(self._pieces)
        least = [0] * (count + 1)  # cost of everything from a piece on
        until = [0] * count  # where the cue that begins with it ends
        for first in reversed(range(count)):
            costs = {last: self._cost(first, last) + least[last] for last in self._ways(first)}
            until[first] = min(costs, key=costs.__getitem__)
            least[first] = costs[until[first]]
        first = 0
        while first < count:
            first = until[first]
            yield first

    def _ways(self, first: int) -> Iterator[int]:
        """Yield where a cue that begins with a piece may end; one piece always may."""
        lower = None  # where its second line begins
        for last in range(first + 1, len(self._pieces) + 1):
            if lower is None and self._width(first, last) > self._room:
                lower = last - 1
            full = lower is not None and self._width(lower, last) > LINE_COLUMNS
            if last > first + 1 and (
                full or self._ends[last - 1] - self._starts[first] > LONGEST_S
            ):
                return
            yield last

    def _cost(self, first: int, last: int) -> int:
        whole = last == len(self._pieces)
        cut = 0 if whole else _CUT[self._pieces[last - 1].ending]
        return _CUE + cut + _FULL * self._width(first, last) ** 2 // (2 * LINE_COLUMNS) ** 2

    def _lines(self, first: int, last: int) -> tuple[str, ...]:
        """Break a cue's text, evenly and where it ends well."""
        if self._width(first, last) <= self._room:
            return (self._text(first, last),)
        costs: dict[int, int] = {}
        for at in range(first, last):
            upper, lower = self._width(first, at), self._width(at, last)
            if upper <= self._room and lower <= LINE_COLUMNS:
                break_cost = LINE_COLUMNS if at == first else _BREAK[self._pieces[at - 1].ending]
                costs[at] = abs(upper - lower) + break_cost
        at = min(costs, key=costs.__getitem__)
        return self._text(first, at), self._text(at, last)

    def _width(self, first: int, last: int) -> int:
        return self._before[last] - self._before[first] - self._pieces[first].spaced

    def _text(self, first: int, last: int) -> str:
        parts = [f" {one.text}" if one.spaced else one.text for one in self._pieces[first:last]]
        return "".join(parts).removeprefix(" ")


def _words(utterance: Spoken) -> tuple[Word, ...]:
    words, text = utterance.words, " ".join(utterance.text.split())
    if words is not None and " ".join(word.text for word in words) == text:
        return words
    longest = max(SHORTEST_S, columns(text) / SLOWEST_COLUMNS_A_SECOND)
    end = min(utterance.end, utterance.start + longest)
    return spread_words(text, utterance.start, end, 1.0)


def _at(word: Word, characters: int) -> float:
    return word.start + (word.end - word.start) * characters / len(word.text)
