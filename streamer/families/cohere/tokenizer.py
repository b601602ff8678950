"""Token ids of a vocabulary file to text, and the prompt that steers the model.

Every id is found by its token's string, so any vocabulary of the family will do. The file is
sherpa-onnx's `tokens.txt`: one `piece id` a line, UTF-8, raw SentencePiece pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from streamer.families.pieces import WORD_START, Pieces, text_of
from streamer.models.errors import ModelError

LANGUAGES = ("ar", "zh", "nl", "en", "fr", "de", "el", "it", "ja", "ko", "pl", "pt", "es", "vi")
"""ISO 639-1 codes that the released model was trained on (its model card). The vocabulary has
tokens for many more languages; those were never trained."""

END = "<|endoftext|>"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_CONTROL = re.compile(r"<\|.*\|>|<unk>|<pad>|<s>|</s>")


class Tokenizer(Pieces):
    """A vocabulary. Raises ModelError where one of its control tokens is missing."""

    def __init__(self, pieces: Iterable[tuple[str, int]]) -> None:
        self._ids = dict(pieces)
        super().__init__({i: _text(piece) for piece, i in self._ids.items()})
        self._eos = self._id(END)
        self._languages = tuple(code for code in LANGUAGES if f"<|{code}|>" in self._ids)
        if not self._languages:
            raise ModelError("the vocabulary has no language token of this model family")
        self._prompts = {
            (language, punctuation): self._make_prompt(language, punctuation)
            for language in self._languages
            for punctuation in (False, True)
        }

    @classmethod
    def from_file(cls, path: Path) -> Tokenizer:
        """Read `tokens.txt`. Raises ModelError for a file that is none."""
        try:
            lines = path.read_bytes().decode("utf-8").split("\n")
            return cls(_parsed(line) for line in lines if line.strip())
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} is not a readable vocabulary: {error}") from error
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error

    @property
    def eos(self) -> int:
        """The id that ends a transcript."""
        return self._eos

    @property
    def languages(self) -> tuple[str, ...]:
        """The supported languages that this vocabulary can name, as ISO 639-1 codes."""
        return self._languages

    def prompt(self, language: str, punctuation: bool) -> list[int]:
        """Return the ten ids that the decoder starts from.

        Raises ValueError for a language that is not among `languages`.
        """
        try:
            return list(self._prompts[language, punctuation])
        except KeyError:
            known = ", ".join(self._languages)
            message = f"the model does not know the language {language!r}; it knows {known}"
            raise ValueError(message) from None

    def _make_prompt(self, language: str, punctuation: bool) -> list[int]:
        tokens = [
            WORD_START,
            "<|startofcontext|>",
            "<|startoftranscript|>",
            "<|emo:undefined|>",
            f"<|{language}|>",  # spoken
            f"<|{language}|>",  # written
            "<|pnc|>" if punctuation else "<|nopnc|>",
            "<|noitn|>",
            "<|notimestamp|>",
            "<|nodiarize|>",
        ]
        return [self._id(token) for token in tokens]

    def _id(self, token: str) -> int:
        try:
            return self._ids[token]
        except KeyError:
            raise ModelError(f"the vocabulary has no token {token}") from None


def _parsed(line: str) -> tuple[str, int]:
    """Split on the last space; a line that holds a number alone names the space itself."""
    piece, _, number = line.rpartition(" ")
    return piece or " ", int(number)


def _text(piece: str) -> str | bytes:
    byte = _BYTE.fullmatch(piece)
    if byte:
        return bytes([int(byte[1], 16)])
    return "" if _CONTROL.fullmatch(piece) else text_of(piece)
