"""Word timings: a monotone division of the frames, and words that lie in order in the audio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.decoding.word_times import FrameTimes, shares, timed_words, token_middles
from streamer.families.cohere.tokenizer import Tokenizer

CONTROL = (
    "<|startofcontext|> <|startoftranscript|> <|emo:undefined|> <|pnc|> <|nopnc|> <|noitn|> "
    "<|notimestamp|> <|nodiarize|> <|endoftext|> <|en|> <|ja|> ▁"
)
PIECES = [*CONTROL.split(), "▁he", "llo", ",", "▁you", "▁", "日", "本", "。", "<0xC3>", "<0xA9>"]
TOKENIZER = Tokenizer((piece, i) for i, piece in enumerate(PIECES) if i != 16)
HE, LLO, COMMA, YOU, SPACE = 12, 13, 14, 15, 11
FRAMES = FrameTimes(samples=640, middle=320, lead_s=0.05, lag_s=0.2)
"""Of 40 ms, the first in the middle of its own."""


def looking_at(frames: list[int], total: int) -> NDArray[np.float32]:
    """Attention that is sharp, one frame a token."""
    attention = np.zeros((len(frames), total), np.float32)
    attention[np.arange(len(frames)), frames] = 1
    return attention


def test_each_token_is_heard_where_its_attention_is() -> None:
    np.testing.assert_allclose(token_middles(looking_at([5, 9, 20], 30)), [5, 9, 20])


def test_a_stray_glance_does_not_move_a_token() -> None:
    attention = looking_at([5, 9, 20], 30)
    attention[1, 9], attention[1, 28] = 0.6, 0.4  # behind the token that follows
    np.testing.assert_allclose(token_middles(attention), [5, 9, 20])


@given(st.lists(st.integers(0, 19), min_size=1, max_size=5), st.integers(0, 10_000))
def test_shares_hold_as_much_attention_as_any_division_in_order(
    looks: list[int], seed: int
) -> None:
    attention = np.random.default_rng(seed).random((len(looks), 20)).astype(np.float32)
    attention += 2 * looking_at(looks, 20)

    def inside(starts: list[int]) -> float:
        bounds = [*starts, 20]
        return sum(float(attention[i, bounds[i] : bounds[i + 1]].sum()) for i in range(len(starts)))

    best = shares(attention)
    assert best[0] == 0
    assert best == sorted(best)
    other = [0, *sorted(np.random.default_rng(seed + 1).integers(0, 21, len(looks) - 1).tolist())]
    assert inside(best) >= inside(other) - 1e-4


def test_words_are_shown_as_displayed_with_times_and_their_own_confidence() -> None:
    scores = np.log(np.array([0.9, 0.4, 1.0, 0.5, 0.7], np.float32))
    words = timed_words(
        TOKENIZER,
        [HE, LLO, COMMA, YOU],
        scores,
        looking_at([10, 15, 18, 40, 49], 50),
        FRAMES,
        seconds=2.0,
        spaced=True,
    )
    assert [word.text for word in words] == ["hello,", "you"]
    assert words[0].start == pytest.approx(0.42 - 0.05)
    assert words[0].end == pytest.approx(0.62 + 0.2)  # the comma is not heard
    assert words[1].start == pytest.approx(1.62 - 0.05)
    assert words[0].confidence == pytest.approx((0.9 * 0.4 * 1.0) ** (1 / 3))
    assert words[1].confidence == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("tokens", "spaced", "expected"),
    [
        ([SPACE, LLO, YOU], True, ["llo", "you"]),
        ([LLO, HE], True, ["llo", "he"]),
        ([HE, 20, 21], True, ["heé"]),
        ([17, 18, 19], False, ["日", "本。"]),
        ([20, 21, 17], False, ["é", "日"]),
        ([COMMA, 17], False, [",", "日"]),
        ([], True, []),
    ],
)
def test_tokens_are_grouped_as_the_language_writes_words(
    tokens: list[int], spaced: bool, expected: list[str]
) -> None:
    words = TOKENIZER.words(tokens, spaced=spaced)
    assert [word.text for word in words] == expected
    assert (" " if spaced else "").join(expected) == TOKENIZER.decode(tokens)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([HE, LLO, COMMA, YOU, SPACE]), max_size=12),
    st.integers(1, 30),
    st.integers(0, 10_000),
)
def test_words_lie_in_the_audio_one_behind_the_other_and_make_the_text(
    tokens: list[int], frames: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    attention = generator.random((len(tokens) + 1, frames)).astype(np.float32)
    seconds = frames * 0.04
    words = timed_words(
        TOKENIZER,
        tokens,
        np.log(generator.random(len(tokens) + 1) + 1e-3).astype(np.float32),
        attention,
        FRAMES,
        seconds=seconds,
        spaced=True,
    )
    assert " ".join(word.text for word in words).split() == TOKENIZER.decode(tokens).split()
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= seconds for time in times)
    assert all(0 < (word.confidence or 0) <= 1.01 for word in words)
