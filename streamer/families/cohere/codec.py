"""Prompts and text of this family."""

from __future__ import annotations

from dataclasses import replace

from streamer.decoding.request import Decoded, Request
from streamer.decoding.word_times import timed_words
from streamer.families.cohere.features import MIN_SAMPLES
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.languages import UNSPACED_LANGUAGES


class CohereCodec:
    """The family's `Codec`."""

    def __init__(self, tokenizer: Tokenizer, frame_samples: int | None) -> None:
        """Take in `frame_samples` between two encoder frames where the model aligns, else None."""
        self._tokenizer = tokenizer
        self._frame_samples = frame_samples

    def request(self, clip: Clip) -> Request | None:
        """Say how a clip is recognised; those under 100 ms hold no word.

        Raises ValueError for a language that the model does not know.
        """
        options = clip.options
        prompt = self._tokenizer.prompt(options.language, options.punctuation)
        if len(clip.samples) < MIN_SAMPLES:
            return None
        aligned = options.words and self._frame_samples is not None
        return Request(clip.samples, prompt, clip.draft, aligned, clip.incremental)

    def hypothesis(self, clip: Clip, decoded: Decoded | None) -> Hypothesis:
        """Say what a row heard, or that nothing was."""
        times = self._frame_samples if clip.options.words else None
        if decoded is None:
            return replace(NOTHING_HEARD, words=None if times is None else ())
        text = self._tokenizer.decode(decoded.tokens)
        if decoded.alignment is None or times is None:
            return Hypothesis(text, decoded.tokens, decoded.confidence)
        words = timed_words(
            self._tokenizer,
            decoded.tokens,
            decoded.alignment.log_probabilities,
            decoded.alignment.attention,
            frame_samples=times,
            seconds=clip.seconds,
            spaced=clip.options.language not in UNSPACED_LANGUAGES,
        )
        return Hypothesis(text, decoded.tokens, decoded.confidence, words)
