"""Which part of a growing hypothesis may be shown as settled: LocalAgreement-2.

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

    def revise(self, hypothesis: str) -> str:
        """Return the text to show for a new hypothesis; it begins with `stable`.

        Where the hypothesis contradicts what was committed, the committed part stays and the
        hypothesis goes on behind as many words (or characters) as are committed.
        """
        agreed = self._agreed(self._previous, hypothesis)
        self._previous = hypothesis
        if len(agreed) > len(self.stable) and agreed.startswith(self.stable):
            self.stable = agreed
        if hypothesis.startswith(self.stable):
            return hypothesis
        return self.stable + self._rest(hypothesis)

    def _agreed(self, one: str, other: str) -> str:
        """The common prefix, less a last word that either of the two goes on with.

        Nor does it hold the newest hypothesis's last word, heard with no sound behind it, or the
        punctuation that a hypothesis ends with: a model closes the sentence where the sound ends,
        and with more sound it often goes on.
        """
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        prefix = "".join(character for character, _ in pairs)
        if self._spaced and any(_GOES_ON.match(text, len(prefix)) for text in (one, other)):
            prefix = prefix[: prefix.rfind(" ") + 1]
        if len(prefix) in (len(one), len(other)):
            prefix = prefix.rstrip(f"{_MARKS} ")
        if len(prefix) == len(other.rstrip(f"{_MARKS} ")):
            prefix = prefix[: prefix.rfind(" ") + 1] if self._spaced else prefix[:-1]
        return prefix.rstrip()

    def _rest(self, hypothesis: str) -> str:
        if not self._spaced:
            return hypothesis[len(self.stable) :]
        words = hypothesis.split()[len(self.stable.split()) :]
        return "".join(f" {word}" for word in words)
