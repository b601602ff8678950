"""The vocabulary of the embedded model, and the labels of its CTC head."""

from pathlib import Path

import pytest

pytest.importorskip("sentencepiece", reason="needs sentencepiece (the extra [train])")

from tests.models.training import vocabulary
from tests.models.training.folders import Folders
from tests.models.training.vocabulary import Vocabulary


@pytest.fixture
def words(work: Path) -> Vocabulary:
    return Vocabulary(Folders(work).vocabulary)


@pytest.mark.parametrize("text", ["Turn on the lights.", "Is it ten p.m.?", "twenty-five", ""])
def test_the_servers_tokenizer_reads_back_what_was_encoded(words: Vocabulary, text: str) -> None:
    assert words.tokenizer.decode(words.encode(text)[0]) == text


def test_characters_without_a_piece_are_written_as_bytes(words: Vocabulary) -> None:
    assert words.tokenizer.decode(words.encode("Zoë pays 5 €.")[0]) == "Zoë pays 5 €."


def test_control_tokens_stand_where_the_real_model_has_them(words: Vocabulary) -> None:
    assert words.prompt(True)[1:4] == [7, 4, 16]
    assert words.prompt(True)[6:] == [5, 9, 11, 13]
    assert words.prompt(False)[6:] == [6, 9, 11, 13]
    assert words.tokenizer.eos == vocabulary.END == 3
    assert words.tokenizer.languages == ("en",)


def test_pieces_know_the_characters_they_stand_for(words: Vocabulary) -> None:
    text = "It's twenty-five, Anna!"
    plain = "it's twenty five anna"
    _, pieces = words.encode(text)
    spans = vocabulary.spans(pieces, plain)
    assert "".join(plain[a:b] for a, b in spans) == plain
    assert all(a == b for piece, (a, b) in zip(pieces, spans, strict=True) if piece in (",", "!"))


def test_labels_are_the_plain_words(words: Vocabulary) -> None:
    labels, parts = words.ctc_labels("its ten pm")
    assert words.ctc_text(labels) == "its ten pm"
    assert (parts[0][0], parts[-1][1]) == (0, 10)
