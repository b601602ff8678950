"""Limits and text of this family."""

from __future__ import annotations

from dataclasses import replace

from streamer.decoding.beyond import length_within
from streamer.decoding.loops import length_without_loop
from streamer.decoding.request import Decoded, Request
from streamer.decoding.word_times import timed_words
from streamer.families.moonshine.numbers import Numbers
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis, Word
from streamer.speech.plain import without_punctuation

_LEAST_S = 0.1
"""Shorter clips hold no word."""
_LAST_START_S = 0.11
"""Before a clip's end no word but the first begins that was really said: `beyond` tells why."""


class MoonshineCodec:
    """The family's `Codec`."""

    def __init__(self, tokenizer: Tokenizer, numbers: Numbers, *, aligns: bool) -> None:
        """Take in whether the decoder can tell where it looks."""
        self._tokenizer = tokenizer
        self._numbers = numbers
        self._aligns = aligns
        self._least = max(round(_LEAST_S * SAMPLE_RATE), numbers.least_samples - numbers.tail)

    def request(self, clip: Clip) -> Request | None:
        """Say how a clip is recognised; those under 100 ms hold no word.

        Raises ValueError for a language that the model does not know.
        """
        numbers, options = self._numbers, clip.options
        if options.language not in numbers.languages:
            known = " ".join(numbers.languages)
            raise ValueError(f"language {options.language!r} is not one of: {known}")
        if len(clip.samples) < self._least:
            return None
        return Request(
            clip.samples,
            (numbers.prompt,),
            clip.draft,
            aligned=self._aligns,
            incremental=clip.incremental,
            max_tokens=numbers.max_tokens(clip.seconds),
            patient=clip.patient,
        )

    def hypothesis(self, clip: Clip, decoded: Decoded | None) -> Hypothesis:
        """Say what a row heard, or that nothing was.

        Of a loop only the first round counts, and nothing that was heard behind the clip's end.
        """
        timed = clip.options.words and self._aligns
        if decoded is None:
            return replace(NOTHING_HEARD, words=() if timed else None)
        tokens = decoded.tokens
        if not decoded.complete:
            tokens = tokens[: length_without_loop(tokens)]
        tokens = tokens[: self._length_within(clip, tokens, decoded)]
        hypothesis = Hypothesis(
            self._tokenizer.decode(tokens),
            tokens,
            decoded.confidence,
            self._words(clip, tokens, decoded) if timed else None,
            complete=decoded.complete,
        )
        return hypothesis if clip.options.punctuation else _plain(hypothesis)

    def _length_within(self, clip: Clip, tokens: tuple[int, ...], decoded: Decoded) -> int | None:
        if decoded.alignment is None:
            return None
        frames = self._numbers.frames
        last = (clip.seconds - _LAST_START_S + frames.lead_s) * SAMPLE_RATE
        last_frame = (last - frames.middle) / frames.samples
        words = self._tokenizer.words(tokens, spaced=True)
        return length_within(words, decoded.alignment.attention, last_frame)

    def _words(
        self, clip: Clip, tokens: tuple[int, ...], decoded: Decoded
    ) -> tuple[Word, ...] | None:
        if decoded.alignment is None:
            return None
        return timed_words(
            self._tokenizer,
            tokens,
            decoded.alignment.log_probabilities[: len(tokens) + 1],
            decoded.alignment.attention[: len(tokens) + 1],
            self._numbers.frames,
            seconds=clip.seconds,
            spaced=True,
        )


def _plain(hypothesis: Hypothesis) -> Hypothesis:
    """Take the punctuation away; the model always writes it."""
    words = hypothesis.words
    if words is not None:
        plain = (replace(word, text=without_punctuation(word.text)) for word in words)
        words = tuple(word for word in plain if word.text)
    return replace(hypothesis, text=without_punctuation(hypothesis.text), words=words)
