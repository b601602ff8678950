"""A transcript that is told piece by piece, to clients that can only append."""

from __future__ import annotations

from streamer.session.events import Final, Partial
from streamer.session.stability import UNSPACED_LANGUAGES


class IncrementalTranscript:
    """The utterances of one recording as one text, and the pieces of it that will stay.

    The pieces joined are the text, unless a final contradicts words that were taken for settled;
    the rest of that utterance is then in the text alone.
    """

    def __init__(self, language: str) -> None:
        self.text = ""
        self._gap = "" if language in UNSPACED_LANGUAGES else " "
        self._finals = 0
        self._told = ""  # of the utterance that comes next

    def add_partial(self, partial: Partial) -> str:
        """Return what a partial settles; words behind an unfinished utterance have to wait."""
        if partial.utterance != self._finals:
            return ""
        return self._piece(partial.text[: partial.stable])

    def add_final(self, final: Final) -> str:
        """Return what a final adds."""
        piece = self._piece(final.text)
        if final.text:
            self.text += (self._gap if self.text else "") + final.text
        self._finals += 1
        self._told = ""
        return piece

    def _piece(self, known: str) -> str:
        if not known.startswith(self._told):
            return ""
        piece = known[len(self._told) :]
        begins = piece and not self._told and self.text
        self._told = known
        return (self._gap if begins else "") + piece
