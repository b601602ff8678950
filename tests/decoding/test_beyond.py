"""Words that were heard behind a clip's end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.beyond import length_within
from streamer.decoding.word_times import TokenWord

WORDS = [TokenWord("one", 0, 2, 1), TokenWord("two", 2, 3, 2), TokenWord("three.", 3, 5, 3)]


def looking_at(frames: Sequence[int], count: int = 40) -> NDArray[np.float32]:
    """Attention (n, count) that lies on one frame a token, the end token last."""
    attention = np.zeros((len(frames), count), np.float32)
    attention[np.arange(len(frames)), list(frames)] = 1
    return attention


def test_words_within_the_clip_stay() -> None:
    assert length_within(WORDS, looking_at([2, 4, 9, 14, 16, 39]), 30) is None


def test_the_first_word_behind_the_end_goes_and_all_that_follows() -> None:
    assert length_within(WORDS, looking_at([2, 4, 33, 34, 36, 39]), 30) == 2
    assert length_within(WORDS, looking_at([2, 4, 9, 34, 36, 39]), 30) == 3


def test_a_word_that_begins_within_the_clip_and_ends_behind_it_stays() -> None:
    assert length_within(WORDS, looking_at([2, 4, 9, 29, 33, 39]), 30) is None


def test_the_first_word_always_stays() -> None:
    assert length_within(WORDS[:1], looking_at([34, 35, 39]), 30) is None
    assert length_within([], looking_at([39]), 30) is None
