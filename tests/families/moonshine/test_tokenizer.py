"""Moonshine's vocabulary: the file, and tokens back to text and words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.families.moonshine.tokenizer import CONTROL, Tokenizer, parsed
from streamer.models.errors import ModelError

BYTES = [bytes([value]) for value in range(256)]
PIECES = ["▁", "▁hello", "▁wor", "ld", ",", ".", "'", "s", "a▁b", "", "▁4", "é"]
TOKENS = [*CONTROL, *BYTES, *(piece.encode() for piece in PIECES)]
IDS = {piece: 3 + 256 + i for i, piece in enumerate(PIECES)}
TOKENIZER = Tokenizer(TOKENS)

any_tokens = st.lists(st.integers(-1, len(TOKENS) + 3))
pieces = st.lists(st.sampled_from(sorted(IDS.values())))


def written(tokens: Sequence[bytes]) -> bytes:
    """Write tokens as the file has them."""
    lengths = [len(token) for token in tokens]
    heads = [bytes([n] if n < 128 else [128 + n % 128, n // 128]) for n in lengths]
    return b"".join(head + token for head, token in zip(heads, tokens, strict=True))


@given(st.lists(st.binary(max_size=300)))
def test_a_file_comes_back_as_it_was_written(tokens: list[bytes]) -> None:
    assert list(parsed(written(tokens))) == tokens


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1), st.data())
def test_a_file_that_ends_within_a_token_is_refused(
    tokens: list[bytes], data: st.DataObject
) -> None:
    content = written(tokens)
    last = len(written(tokens[-1:]))
    with pytest.raises(ValueError, match="it ends within a token"):
        list(parsed(content[: -data.draw(st.integers(1, last - 1))]))


@given(st.binary())
def test_bytes_that_are_no_file_never_raise_anything_else(content: bytes) -> None:
    try:
        Tokenizer(parsed(content))
    except ValueError:
        return
    pytest.fail("that was no vocabulary")


def test_the_files_tokens_become_text(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    path.write_bytes(written(TOKENS))
    tokenizer = Tokenizer.from_file(path)
    assert tokenizer.size == len(TOKENS)
    ids = [1, IDS["▁hello"], IDS[","], IDS["▁wor"], IDS["ld"], IDS["a▁b"], 2, 32767]
    assert tokenizer.decode(ids) == "hello, worlda b"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin with"),
        (written(TOKENS[1:]), "does not begin with"),
        (written([*CONTROL, *BYTES[1:]]), "bytes are not where they belong"),
        (written([*TOKENS, b"\xff"]), "can't decode"),
        (written(TOKENS)[:-1], "ends within a token"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_named(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "tokenizer.bin"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"tokenizer\.bin is not a readable.*{message}"):
        Tokenizer.from_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.bin is not a readable vocabulary"):
        Tokenizer.from_file(tmp_path / "tokenizer.bin")


@given(st.text())
def test_any_text_spelt_in_bytes_comes_back(text: str) -> None:
    assert TOKENIZER.decode([3 + byte for byte in text.encode()]) == text.strip()


@given(st.text(min_size=1), st.data())
def test_a_character_cut_in_half_is_held_back(text: str, data: st.DataObject) -> None:
    spelt = text.encode()[: data.draw(st.integers(0, len(text.encode())))]
    whole = spelt.decode("utf-8", errors="ignore")
    assert TOKENIZER.decode([3 + byte for byte in spelt]) == whole.strip()


@given(pieces)
def test_words_joined_by_spaces_are_the_text(ids: list[int]) -> None:
    words = TOKENIZER.words(ids, spaced=True)
    joined = " ".join(word.text for word in words)
    assert joined.split() == TOKENIZER.decode(ids).split()


@given(any_tokens)
def test_words_divide_the_tokens_in_order(ids: list[int]) -> None:
    words = TOKENIZER.words(ids, spaced=True)
    for word in words:
        assert word.first <= word.last_sound < word.end <= len(ids)
        assert word.text == TOKENIZER.decode(ids[word.first : word.end])
    assert all(one.end == other.first for one, other in pairwise(words))


def test_punctuation_belongs_to_the_word_before_it_and_does_not_sound() -> None:
    ids = [IDS["▁hello"], IDS[","], IDS["▁wor"], IDS["ld"], IDS["'"], IDS["s"], IDS["."]]
    words = TOKENIZER.words(ids, spaced=True)
    assert [(word.text, word.last_sound) for word in words] == [("hello,", 0), ("world's.", 5)]
