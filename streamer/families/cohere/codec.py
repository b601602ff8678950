"""Prompts and text of this family."""

from __future__ import annotations

from dataclasses import replace

from streamer.decoding.request import Decoded, Request
from streamer.decoding.word_times import FrameTimes, timed_words
from streamer.families.cohere.features import MIN_SAMPLES
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import NOTHING_HEARD, Hypothesis
from streamer.speech.languages import UNSPACED_LANGUAGES

LEAD_S, LAG_S = 0.045, 0.13
"""Of `FrameTimes`: with them the embedded model's word starts were off by 14 ms in the median and
41 ms at the 90th percentile, ends by 15 and 50. Its graphs do not say them."""


class CohereCodec:
    """The family's `Codec`."""

    def __init__(self, tokenizer: Tokenizer, frame_samples: int | None) -> None:
        """Take in `frame_samples` between two encoder frames where the model aligns, else None."""
        self._tokenizer = tokenizer
        self._frames = None
        if frame_samples is not None:
            self._frames = FrameTimes(frame_samples, middle=0, lead_s=LEAD_S, lag_s=LAG_S)

    def request(self, clip: Clip) -> Request | None:
        """Say how a clip is recognised; those under 100 ms hold no word.

        Raises ValueError for a language that the model does not know.
        """
        options = clip.options
        prompt = self._tokenizer.prompt(options.language, options.punctuation)
        if len(clip.samples) < MIN_SAMPLES:
            return None
        aligned = options.words and self._frames is not None
        return Request(
            clip.samples,
            prompt,
            clip.draft,
            aligned=aligned,
            incremental=clip.incremental,
            patient=clip.patient,
        )

    def hypothesis(self, clip: Clip, decoded: Decoded | None) -> Hypothesis:
        """Say what a row heard, or that nothing was."""
        frames = self._frames if clip.options.words else None
        if decoded is None:
            return replace(NOTHING_HEARD, words=None if frames is None else ())
        text = self._tokenizer.decode(decoded.tokens)
        if decoded.alignment is None or frames is None:
            return Hypothesis(text, decoded.tokens, decoded.confidence)
        words = timed_words(
            self._tokenizer,
            decoded.tokens,
            decoded.alignment.log_probabilities,
            decoded.alignment.attention,
            frames,
            seconds=clip.seconds,
            spaced=clip.options.language not in UNSPACED_LANGUAGES,
        )
        return Hypothesis(text, decoded.tokens, decoded.confidence, words)
