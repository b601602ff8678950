"""Words with times, from where the decoder looked as it chose each token.

Each token's time is the middle of its cross-attention, within its share of a monotone division of
the frames among the tokens (the division that holds most of the attention, so that a stray glance
moves nothing). How far words reach beyond those middles is each model's own
(`python -m loadtest run word-times` measures it). On the embedded model dynamic programming without
the middles was off by 26 ms in the median and over 100 ms at the 90th percentile, where this is by
14 and 41.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.hypothesis import Word

_MARGIN = 2
"""Frames beyond a token's share that count for its middle."""


@dataclass(frozen=True, slots=True)
class TokenWord:
    """A word and the tokens that it is made of, from `first` to before `end`.

    `last_sound` is the last of them that is more than punctuation.
    """

    text: str
    first: int
    end: int
    last_sound: int


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Where a model's encoder frames lie in the audio, and words around the middles of tokens."""

    samples: int
    """From one frame to the next."""
    middle: int
    """Which sample frame 0 stands for."""
    lead_s: float
    """From a word's begin to the middle of its first token."""
    lag_s: float
    """From the middle of a word's last token that sounds to the word's end, where no word follows
    before."""


class WordDivider(Protocol):
    """A vocabulary that can divide a transcript into words."""

    def words(self, ids: Sequence[int], *, spaced: bool) -> list[TokenWord]:
        """Divide tokens into words as they are displayed, punctuation attached."""
        ...


def timed_words(
    tokenizer: WordDivider,
    tokens: Sequence[int],
    log_probabilities: NDArray[np.float32],
    attention: NDArray[np.float32],
    frames: FrameTimes,
    *,
    seconds: float,
    spaced: bool,
) -> tuple[Word, ...]:
    """Divide a hypothesis into words of `seconds` of audio.

    `log_probabilities` (n,) and `attention` (n, S) are of the tokens, and may go on with the end
    token. `spaced` says whether the language puts spaces between words.
    """
    middles = (token_middles(attention) * frames.samples + frames.middle) / SAMPLE_RATE
    parts = tokenizer.words(tokens, spaced=spaced)
    starts = [min(max(0.0, float(middles[part.first]) - frames.lead_s), seconds) for part in parts]
    starts = np.maximum.accumulate([*starts, seconds]).tolist()
    return tuple(
        Word(
            text=part.text,
            start=start,
            end=max(start, min(following, float(middles[part.last_sound]) + frames.lag_s)),
            confidence=float(np.exp(log_probabilities[part.first : part.end].mean())),
        )
        for part, (start, following) in zip(parts, pairwise(starts), strict=True)
    )


def token_middles(attention: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the frame, with fractions, at which each token of (n, S) is heard."""
    count, frames = attention.shape
    bounds = [*shares(attention), frames]
    positions = np.arange(frames)
    middles = np.empty(count)
    for token, (start, end) in enumerate(pairwise(bounds)):
        near = slice(max(0, start - _MARGIN), min(frames, end + _MARGIN))
        weights = attention[token, near]
        total = float(weights.sum())
        middles[token] = weights @ positions[near] / total if total > 0 else (start + end) / 2
    return middles


def shares(attention: NDArray[np.float32]) -> list[int]:
    """Divide the frames among the tokens, in order, so that most of the attention is inside.

    Returns each token's first frame; a share ends where the next begins, and may be empty.
    """
    count, frames = attention.shape
    inside = np.zeros((count, frames + 1))
    np.cumsum(attention, axis=1, out=inside[:, 1:])
    places = np.arange(frames + 1)
    came_from = np.zeros((count, frames + 1), np.int64)
    best = inside[0]
    for token in range(1, count):
        gain = best - inside[token]
        most = np.maximum.accumulate(gain)
        came_from[token] = np.maximum.accumulate(np.where(gain >= most, places, 0))
        best = most + inside[token]
    starts = [0] * count
    end = frames
    for token in range(count - 1, 0, -1):
        starts[token] = end = int(came_from[token, end])
    return starts
