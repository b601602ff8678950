"""One turn of a conversation: what has been said in it, and what was told of it."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.speech.hypothesis import Word


@dataclass(frozen=True, slots=True)
class Said:
    """Text with its words; nothing has neither."""

    text: str = ""
    words: tuple[Word, ...] = ()

    def __add__(self, more: Said) -> Said:
        return Said(" ".join(filter(None, (self.text, more.text))), self.words + more.words)


class Turn:
    """Several utterances where the length limit cuts, otherwise one."""

    def __init__(self, index: int, start: float) -> None:
        self.index = index
        self.start = start
        self.started = False
        self.finished = Said()  # of utterances that have their final
        self.growing = Said()  # the newest hypothesis of the one that has none yet
        self.eager: str | None = None  # what the last EagerEndOfTurn said, until speech went on
        self.probability: float | None = None  # of a finished turn, in the pause that is on

    @property
    def said(self) -> Said:
        """All of it so far."""
        return self.finished + self.growing

    def finish(self, final: Said) -> None:
        """Take an utterance's final in place of its hypotheses."""
        self.finished += final
        self.growing = Said()
