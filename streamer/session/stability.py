"""Which part of a growing hypothesis is shown, and which of it as settled: LocalAgreement-2.

On 72 recordings of 8 minutes in all, with Moonshine base-en, 0.43 words a final word were erased
where whole hypotheses were shown, 0.27 without the last word, 0.23 where two words of the newest
hypothesis are never committed, instead of one; words were shown 0.1 s later than at first. Tried
too: hiding what two hypotheses do not agree on but for one word (0.30, 0.3 s later), hiding two
words (0.24, 0.4 s later). None costs CPU.

Text is committed when two consecutive hypotheses agree on it (Liu, Spanakis and Niehues 2020,
"Low-latency sequence-to-sequence speech recognition"; n = 2 as in whisper_streaming).
"""

from __future__ import annotations

import re
from itertools import takewhile

from streamer.speech.languages import UNSPACED_LANGUAGES

_MARKS = ".,;:?!…\u3002\u3001\uff0c\uff01\uff1f"  # the last five are Chinese and Japanese
_GOES_ON = re.compile(rf"[^\s{_MARKS}]|[{_MARKS}]+[^\s{_MARKS}]")
"""What makes the text behind a word part of it: "light" behind "li", ".5" behind "3"."""


class StableText:
    """The text of one utterance as its partials show it: the committed part never changes."""

    def __init__(self, language: str) -> None:
        self._spaced = language not in UNSPACED_LANGUAGES
        self._previous = ""
        self.stable = ""

    def revise(self, hypothesis: str, *, goes_on: bool) -> str:
        """Return the text to show for a new hypothesis; it begins with `stable`.

        Where the speech `goes_on` the last word may be cut anywhere: it is not shown, unless it is
        the only one. Where the hypothesis contradicts what was committed, the committed part stays
        and the hypothesis goes on behind as many words (or characters) as are committed.
        """
        agreed = self._agreed(self._previous, hypothesis)
        self._previous = hypothesis
        if len(agreed) > len(self.stable) and agreed.startswith(self.stable):
            self.stable = agreed
        if not hypothesis.startswith(self.stable):
            hypothesis = self.stable + self._rest(hypothesis)
        shorter = self._without_last(hypothesis)
        if goes_on and shorter and len(shorter) >= len(self.stable):
            return shorter
        return hypothesis

    def _agreed(self, one: str, other: str) -> str:
        """The common prefix, less a last word that either of the two goes on with.

        Nor does it hold the last two words of the newest hypothesis, which had little or no sound
        behind them, or the punctuation that a hypothesis ends with: a model closes the sentence
        where the sound ends, and with more sound it often goes on.
        """
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        prefix = "".join(character for character, _ in pairs)
        if self._spaced and any(_GOES_ON.match(text, len(prefix)) for text in (one, other)):
            prefix = prefix[: prefix.rfind(" ") + 1]
        if len(prefix) == len(one):
            prefix = prefix.rstrip(f"{_MARKS} ")
        return prefix[: len(self._without_last(self._without_last(other)))].rstrip()

    def _without_last(self, text: str) -> str:
        """The text before the last word (or character) and its punctuation."""
        words = text.rstrip(f"{_MARKS} ")
        return words[: words.rfind(" ") + 1].rstrip() if self._spaced else words[:-1]

    def _rest(self, hypothesis: str) -> str:
        if not self._spaced:
            return hypothesis[len(self.stable) :]
        words = hypothesis.split()[len(self.stable.split()) :]
        return "".join(f" {word}" for word in words)
