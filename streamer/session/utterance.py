"""The state of one utterance, from its onset to its final."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from streamer.session.settings import Changeable
from streamer.session.stability import StableText
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis, Word

_SAME_MOMENT_S = 0.2


def _letters(text: str) -> str:
    return "".join(one for one in text.lower() if one.isalnum())


@dataclass(slots=True)
class Pause:
    """A pause in an open utterance that may be its end.

    `settled` is the sample at which it would end, `probability` a turn model's that it does, once
    known, and `told` whether the client has been told.
    """

    settled: int
    probability: float | None = None
    told: bool = False


class Utterance:
    """Positions are samples since the stream's start; `end` is known once it is closed."""

    def __init__(
        self, number: int, start: int, settings: Changeable, *, by_hand: bool = False
    ) -> None:
        self.number = number
        self.start = start
        self.settings = settings
        self.by_hand = by_hand  # no detector has a part in it
        self.next_partial = float("inf")
        self.end: int | None = None
        self.reason = EndReason.STOP
        self.hypothesis: Hypothesis = NOTHING_HEARD
        self.decoded_until = start
        self.failure: str | None = None
        self.shown = ""
        self.pause: Pause | None = None  # that is on
        self.told: int | None = None  # its number for the client, once that knows of it
        self.doubted = False  # the detector was, when it began: when words are said matters
        self.outlasted = False  # the detector went on behind its last word
        self.grew_until = start  # of the first hypothesis with as much text as the newest has
        self.has_words = False
        self.wordless = 0  # how often it was found to have begun later
        self._exact = False
        self._stability = StableText(settings.language)
        self._rules = settings.text_rules

    @property
    def stable(self) -> int:
        """How many characters of `shown` later partials keep."""
        return len(self._stability.stable)

    @property
    def seconds(self) -> float:
        """Its length once it is closed."""
        return ((self.end or self.start) - self.start) / SAMPLE_RATE

    @property
    def words(self) -> tuple[Word, ...] | None:
        """The hypothesis's words in seconds of the channel's audio, one behind the other.

        No word begins before the one before it ends, nor ends after what was decoded.
        """
        if self.hypothesis.words is None:
            return None
        begin, end = self.start / SAMPLE_RATE, self.decoded_until / SAMPLE_RATE
        words: list[Word] = []
        for word in self.hypothesis.words:
            start = min(max(begin, self.start / SAMPLE_RATE + word.start), end)
            begin = min(max(start, self.start / SAMPLE_RATE + word.end), end)
            words.append(replace(word, start=start, end=begin))
        return tuple(words)

    def word_ends(self, frame_samples: int) -> Iterator[int]:
        """Yield the frames between words, where times are known; the last word may be cut."""
        for word, following in pairwise((self.words or ())[:-1]):
            yield round((word.end + following.start) / 2 * SAMPLE_RATE / frame_samples)

    @property
    def is_decoded(self) -> bool:
        """Whether the hypothesis is exact, and covers the closed utterance exactly."""
        return self.end is not None and self.has_decoded(self.end)

    def has_decoded(self, until: int) -> bool:
        """Whether the hypothesis is exact, and for [start, until)."""
        return self.decoded_until == until and self._exact

    def can_use(self, until: int, *, exact: bool) -> bool:
        """Whether a hypothesis for [start, until) is news.

        Once the utterance is closed, only an exact one for the whole of it will do.
        """
        return self.decoded_until < until if self.end is None else until == self.end and exact

    def begin_later(self, start: int) -> None:
        """Take it that nothing was said before this sample."""
        if start > self.start:
            self.start, self.grew_until = start, max(start, self.grew_until)
            self.wordless += 1

    @property
    def _lone_at(self) -> float | None:
        words = self.words
        return words[0].start if words is not None and len(words) == 1 else None

    def _is_speech(self, before: Hypothesis, at: float | None) -> bool:
        """Whether the newest hypothesis has words.

        Models hear a word now and then where nobody speaks: by itself it counts once it was heard
        twice, at the same moment where the model tells.
        """
        text = self.hypothesis.text
        if self.told is not None or len(text.split()) > 1:
            return bool(text)
        if self._lone_at is not None and at is not None:
            return abs(self._lone_at - at) < _SAME_MOMENT_S
        return bool(before.text) and _letters(text).startswith(_letters(before.text))

    def close(self, end: int, reason: EndReason) -> None:
        """Fix where the utterance ends."""
        self.end = end
        self.reason = reason

    def accept(self, until: int, hypothesis: Hypothesis, *, exact: bool) -> None:
        """Take the hypothesis for [start, until), of a clip that was `Clip.exact` or was not.

        What the rules keep from view is not kept here either, but for the tokens of the next draft.
        """
        before, at = self.hypothesis, self._lone_at
        self.decoded_until = until
        self._exact = exact
        self.hypothesis = self._rules.apply(hypothesis)
        if _letters(self.hypothesis.text) != _letters(before.text):
            self.grew_until = until
        self.has_words = self._is_speech(before, at)
        told = self._rules.shown(self.hypothesis.text)
        self.shown = self._stability.revise(told, goes_on=not exact)
