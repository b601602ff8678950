"""What is masked and replaced in all that a session tells: hypotheses in, hypotheses out.

Rules are applied to each hypothesis before anything else is made of it, so that nothing behind
them, partials and their stable part among it, has ever seen what is masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from streamer.masking.emails import held_from, mask_emails
from streamer.masking.numbers import mask_numbers
from streamer.masking.phrases import mask_profanity, replace_phrases
from streamer.masking.spans import Span, spans_of, split
from streamer.speech.hypothesis import Hypothesis, Word
from streamer.speech.languages import UNSPACED_LANGUAGES


class Redacted(StrEnum):
    """Kinds of text that can be kept from view."""

    NUMBERS = "numbers"
    EMAILS = "emails"


@dataclass(frozen=True, slots=True)
class TextRules:
    """The rules of one language: `replaced` by the caller's vocabulary first, then masked."""

    language: str
    redacted: frozenset[Redacted] = frozenset()
    profanity: bool = False
    replaced: Mapping[str, str] = field(default_factory=dict[str, str])

    def __bool__(self) -> bool:
        """Whether they change anything."""
        return bool(self.redacted or self.profanity or self.replaced)

    def apply(self, heard: Hypothesis) -> Hypothesis:
        """Return what may be told of a hypothesis; its tokens stay, and are told to nobody."""
        if not self:
            return heard
        text = self._gap.join(span.text for span in self._spans(heard.text))
        words = None if heard.words is None else self._words(heard.words)
        return replace(heard, text=text, words=words)

    def shown(self, text: str) -> str:
        """Return what a partial may show of a text that they were applied to and that may go on.

        What may still become an address is left out.
        """
        if Redacted.EMAILS not in self.redacted:
            return text
        words = split(text, spaced=self._spaced)
        return self._gap.join(words[: held_from(spans_of(words))])

    @property
    def _spaced(self) -> bool:
        return self.language not in UNSPACED_LANGUAGES

    @property
    def _gap(self) -> str:
        return " " if self._spaced else ""

    def _spans(self, text: str) -> list[Span]:
        return self._masked(spans_of(split(text, spaced=self._spaced)))

    def _words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        words = words if self._spaced else _ascii_together(words)
        return tuple(
            replace(
                words[span.first],
                text=span.text,
                end=words[span.end - 1].end,
                confidence=_least(words[span.first : span.end]),
            )
            for span in self._masked(spans_of([word.text for word in words]))
        )

    def _masked(self, spans: list[Span]) -> list[Span]:
        spans = replace_phrases(spans, self.replaced, gap=self._gap)
        if self.profanity:
            spans = mask_profanity(spans)
        if Redacted.EMAILS in self.redacted:
            spans = mask_emails(spans)
        if Redacted.NUMBERS in self.redacted:
            spans = mask_numbers(spans, spelled=self.language == "en")
        return spans


def _ascii_together(words: Sequence[Word]) -> list[Word]:
    """Join words that are parts of one run of ASCII, as an address is."""
    joined: list[Word] = []
    for word in words:
        if joined and word.text[:1].isascii() and joined[-1].text[-1:].isascii():
            before = joined.pop()
            text, least = before.text + word.text, _least([before, word])
            word = replace(before, text=text, end=word.end, confidence=least)
        joined.append(word)
    return joined


def _least(words: Sequence[Word]) -> float | None:
    """The confidence of words that are shown as one: that of the least sure."""
    known = [word.confidence for word in words if word.confidence is not None]
    return min(known) if len(known) == len(words) else None
