"""The vocabulary: prompts, and tokens back to text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.errors import ModelError

CONTROL = [
    "<unk>",
    "<pad>",
    "<|endoftext|>",
    "<|startofcontext|>",
    "<|startoftranscript|>",
    "<|emo:undefined|>",
    "<|pnc|>",
    "<|nopnc|>",
    "<|noitn|>",
    "<|notimestamp|>",
    "<|nodiarize|>",
    "<|en|>",
    "<|de|>",
    "<|ru|>",
]
BYTES = [f"<0x{value:02X}>" for value in range(256)]
WORDS = ["▁", "▁hello", "▁wor", "ld", "a▁b"]
PIECES = CONTROL + BYTES + WORDS
IDS = {piece: i for i, piece in enumerate(PIECES)}


TOKENIZER = Tokenizer((piece, i) for i, piece in enumerate(PIECES))


@pytest.fixture
def tokenizer() -> Tokenizer:
    return TOKENIZER


def as_bytes(text: str) -> list[int]:
    return [IDS[f"<0x{byte:02X}>"] for byte in text.encode("utf-8")]


def test_the_prompt_has_the_ten_tokens_of_the_model(tokenizer: Tokenizer) -> None:
    prompt = [PIECES[i] for i in tokenizer.prompt("de", punctuation=True)]
    assert prompt == [
        "▁",
        "<|startofcontext|>",
        "<|startoftranscript|>",
        "<|emo:undefined|>",
        "<|de|>",
        "<|de|>",
        "<|pnc|>",
        "<|noitn|>",
        "<|notimestamp|>",
        "<|nodiarize|>",
    ]


def test_without_punctuation_one_token_of_the_prompt_differs(tokenizer: Tokenizer) -> None:
    with_it, without = (tokenizer.prompt("en", punctuation) for punctuation in (True, False))
    assert without == [IDS["<|nopnc|>"] if i == IDS["<|pnc|>"] else i for i in with_it]


def test_only_trained_languages_of_the_vocabulary_are_offered(tokenizer: Tokenizer) -> None:
    assert tokenizer.languages == ("en", "de")  # <|ru|> is a token, but was never trained


@pytest.mark.parametrize("language", ["ru", "fr", "", "EN", "endoftext"])
def test_another_language_is_refused_by_name(tokenizer: Tokenizer, language: str) -> None:
    with pytest.raises(ValueError, match=f"{language!r}; it knows en, de"):
        tokenizer.prompt(language, punctuation=True)


def test_pieces_join_to_words_and_the_first_space_goes(tokenizer: Tokenizer) -> None:
    ids = [IDS["▁hello"], IDS["▁wor"], IDS["ld"], IDS["a▁b"]]
    assert tokenizer.decode(ids) == "hello worlda b"


def test_control_tokens_and_unknown_ids_are_no_text(tokenizer: Tokenizer) -> None:
    ids = [IDS["<|en|>"], IDS["▁hello"], IDS["<unk>"], IDS["<|endoftext|>"], 10**6, -1]
    assert tokenizer.decode(ids) == "hello"


def test_nothing_but_spaces_is_empty(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([IDS["▁"], IDS["▁"]]) == ""


@settings(deadline=None)
@given(st.text())
@example("\N{LOWER ONE EIGHTH BLOCK}")
def test_any_text_spelt_in_bytes_comes_back(text: str) -> None:
    assert TOKENIZER.decode(as_bytes(text)) == text.strip()


@settings(deadline=None)
@given(st.text(min_size=1), st.data())
def test_a_character_cut_in_half_is_held_back(text: str, data: st.DataObject) -> None:
    spelt = as_bytes(text)
    cut = data.draw(st.integers(0, len(spelt)))
    whole = text.encode("utf-8")[:cut].decode("utf-8", errors="ignore")
    assert TOKENIZER.decode(spelt[:cut]) == whole.strip()


@settings(deadline=None)
@given(st.lists(st.integers(0, 255)))
def test_bytes_that_are_no_text_never_raise(values: list[int]) -> None:
    ids = [IDS[BYTES[value]] for value in values]
    after = TOKENIZER.decode([*ids, IDS["ld"]])
    assert after == (bytes(values).decode("utf-8", errors="replace") + "ld").strip()


def test_wrong_bytes_inside_a_text_are_marked(tokenizer: Tokenizer) -> None:
    ids = [IDS["▁hello"], IDS["<0xFF>"], IDS["ld"], IDS["<0xE2>"], IDS["<0x96>"]]
    assert tokenizer.decode(ids) == "hello\N{REPLACEMENT CHARACTER}ld"


def test_the_file_is_split_at_the_last_space_and_a_bare_number_is_the_space(tmp_path: Path) -> None:
    lines = [f"{piece} {i}" for i, piece in enumerate(PIECES)]
    odd = [(" ", f"{len(lines)}"), ("\r", f"\r {len(lines) + 1}"), ("\u2028", "\u2028 9000")]
    path = tmp_path / "tokens.txt"
    path.write_bytes("\n".join([*lines, *(line for _, line in odd), ""]).encode())
    tokenizer = Tokenizer.from_file(path)
    hello, space = IDS["▁hello"], len(lines)
    assert tokenizer.decode([hello, space, hello, 9000, hello]) == "hello  hello\u2028 hello"
    assert tokenizer.size == 9001
    assert tokenizer.eos == IDS["<|endoftext|>"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no token"),
        (b"just words\n", "not a readable vocabulary"),
        (b"\xff\xfe 0\n", "not a readable vocabulary"),
        (b"<|endoftext|> 3\n", "no language token"),
        (b"<|endoftext|> 3\n<|en|> 4\n", "no token ▁"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_named(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "tokens.txt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"tokens.txt.*{message}"):
        Tokenizer.from_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokens\.txt is not a readable vocabulary"):
        Tokenizer.from_file(tmp_path / "tokens.txt")
