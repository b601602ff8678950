"""Moonshine's `tokenizer.bin`.

No header; the tokens in the order of their ids, each a length and so many bytes. A length below 128
is one byte; else it is that byte less 128, and 128 times the next byte. An empty token is unused.
The first three are `<unk>`, `<s>` and `</s>`; then come the 256 single bytes, which are bytes of
UTF-8; all others are SentencePiece pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from streamer.families.pieces import Pieces, text_of
from streamer.models.errors import ModelError

CONTROL = (b"<unk>", b"<s>", b"</s>")
_FIRST_BYTE = len(CONTROL)
_FIRST_PIECE = _FIRST_BYTE + 256


class Tokenizer(Pieces):
    """A vocabulary. Ids that it does not have are no text: the model has spare ones."""

    def __init__(self, tokens: Iterable[bytes]) -> None:
        """Take the tokens in the order of their ids; raises ValueError for another layout."""
        tokens = list(tokens)
        if tuple(tokens[:_FIRST_BYTE]) != CONTROL:
            raise ValueError("it does not begin with <unk>, <s> and </s>")
        single = [bytes([value]) for value in range(256)]
        if tokens[_FIRST_BYTE:_FIRST_PIECE] != single:
            raise ValueError("its bytes are not where they belong")
        pieces = [text_of(token.decode("utf-8")) for token in tokens[_FIRST_PIECE:]]
        super().__init__(dict(enumerate([*[""] * _FIRST_BYTE, *single, *pieces])))

    @classmethod
    def from_file(cls, path: Path) -> Tokenizer:
        """Read `tokenizer.bin`. Raises ModelError for a file that is none."""
        try:
            return cls(parsed(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} is not a readable vocabulary: {error}") from error


def parsed(content: bytes) -> Iterator[bytes]:
    """Yield the tokens of a file's content. Raises ValueError where it ends within one."""
    place = 0
    while place < len(content):
        length, place = content[place], place + 1
        if length >= 128:
            if place == len(content):
                raise ValueError("it ends within a token's length")
            length, place = length - 128 + 128 * content[place], place + 1
        if place + length > len(content):
            raise ValueError("it ends within a token")
        yield content[place : place + length]
        place += length
