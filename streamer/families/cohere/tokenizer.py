"""Token ids of a vocabulary file to text, and the prompt that steers the model.

Every id is found by its token's string, so any vocabulary of the family will do. The file is
sherpa-onnx's `tokens.txt`: one `piece id` a line, UTF-8, raw SentencePiece pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from streamer.decoding.word_times import TokenWord
from streamer.models.errors import ModelError

LANGUAGES = ("ar", "zh", "nl", "en", "fr", "de", "el", "it", "ja", "ko", "pl", "pt", "es", "vi")
"""ISO 639-1 codes that the released model was trained on (its model card). The vocabulary has
tokens for many more languages; those were never trained."""

END = "<|endoftext|>"
WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""SentencePiece's mark for a space."""

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_CONTROL = re.compile(r"<\|.*\|>|<unk>|<pad>|<s>|</s>")


class Tokenizer:
    """A vocabulary. Raises ModelError where one of its control tokens is missing."""

    def __init__(self, pieces: Iterable[tuple[str, int]]) -> None:
        self._ids = dict(pieces)
        self._texts: dict[int, str | bytes] = {i: _text(piece) for piece, i in self._ids.items()}
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

    @property
    def size(self) -> int:
        """One more than the largest id: the least width of the logits."""
        return max(self._texts) + 1

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

    def decode(self, ids: Sequence[int]) -> str:
        """Join the tokens' text, without control tokens and outer white space.

        Byte tokens become UTF-8; bytes that are none become U+FFFD, but a character that is still
        incomplete at the end is left out, so that a growing hypothesis never shows half of one.
        """
        text: list[str] = []
        raw = bytearray()
        for i in ids:
            piece = self._texts.get(i, "")
            if isinstance(piece, bytes):
                raw += piece
                continue
            if raw and piece:
                text.append(raw.decode("utf-8", errors="replace"))
                raw.clear()
            text.append(piece)
        text.append(_without_incomplete_tail(bytes(raw)).decode("utf-8", errors="replace"))
        return "".join(text).strip()

    def words(self, ids: Sequence[int], *, spaced: bool) -> list[TokenWord]:
        """Divide a transcript into words as they are displayed, punctuation attached.

        Where the language puts no spaces (`spaced` is False) every token that completes a character
        is a word, but punctuation belongs to the one before it.
        """
        words: list[TokenWord] = []
        first = 0
        for end in range(1, len(ids) + 1):
            if end < len(ids) and spaced and not self._begins_word(ids[end]):
                continue
            text = self.decode(ids[first:end])
            if not spaced and words and not _sounds(text):
                first, text = words[-1].first, self.decode(ids[words[-1].first : end])
                words.pop()
            if text:
                sounding = (i for i in range(end - 1, first, -1) if self._sounds(ids[i]))
                words.append(TokenWord(text, first, end, next(sounding, first)))
                first = end
        return words

    def _begins_word(self, token: int) -> bool:
        piece = self._texts.get(token, "")
        return isinstance(piece, str) and piece.startswith(" ")

    def _sounds(self, token: int) -> bool:
        piece = self._texts.get(token, "")
        return isinstance(piece, bytes) or _sounds(piece)

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


def _sounds(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _text(piece: str) -> str | bytes:
    byte = _BYTE.fullmatch(piece)
    if byte:
        return bytes([int(byte[1], 16)])
    return "" if _CONTROL.fullmatch(piece) else piece.replace(WORD_START, " ")


def _without_incomplete_tail(raw: bytes) -> bytes:
    """Cut a UTF-8 sequence that has begun, is right so far, and lacks its last bytes."""
    for length in range(1, min(3, len(raw)) + 1):
        lead = raw[-length]
        if lead & 0xC0 != 0x80:
            wanted = 1 if lead < 0xC2 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return raw[:-length] if lead < 0xF5 and length < wanted else raw
    return raw
