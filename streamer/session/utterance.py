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

    def __init__(self, number: int, start: int, settings: Changeable) -> None:
        self.number = number
        self.start = start
        self.settings = settings
        self.next_partial = float("inf")
        self.end: int | None = None
        self.reason = EndReason.STOP
        self.hypothesis: Hypothesis = NOTHING_HEARD
        self.decoded_until = start
        self.failure: str | None = None
        self.shown = ""
        self.pause: Pause | None = None  # that is on
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

    def close(self, end: int, reason: EndReason) -> None:
        """Fix where the utterance ends."""
        self.end = end
        self.reason = reason

    def accept(self, until: int, hypothesis: Hypothesis, *, exact: bool) -> None:
        """Take the hypothesis for [start, until), of a clip that was `Clip.exact` or was not.

        What the rules keep from view is not kept here either, but for the tokens of the next draft.
        """
        self.decoded_until = until
        self._exact = exact
        self.hypothesis = self._rules.apply(hypothesis)
        told = self._rules.shown(self.hypothesis.text)
        self.shown = self._stability.revise(told, goes_on=not exact)
