"""Tokens back to text and words, for any vocabulary of SentencePiece pieces and bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamer.decoding.word_times import TokenWord

WORD_START = "\N{LOWER ONE EIGHTH BLOCK}"
"""SentencePiece's mark for a space."""


class Pieces:
    """The text of each token: a piece with its spaces, one byte of UTF-8, or empty for control."""

    def __init__(self, texts: Mapping[int, str | bytes]) -> None:
        self._texts = dict(texts)

    @property
    def size(self) -> int:
        """One more than the largest id: the least width of the logits."""
        return max(self._texts) + 1

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


def text_of(piece: str) -> str:
    """Return a piece's text: its marks are spaces."""
    return piece.replace(WORD_START, " ")


def _sounds(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _without_incomplete_tail(raw: bytes) -> bytes:
    """Cut a UTF-8 sequence that has begun, is right so far, and lacks its last bytes."""
    for length in range(1, min(3, len(raw)) + 1):
        lead = raw[-length]
        if lead & 0xC0 != 0x80:
            wanted = 1 if lead < 0xC2 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return raw[:-length] if lead < 0xF5 and length < wanted else raw
    return raw
