"""How much silence ends a turn, by how likely it is that the speaker has finished."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.speech.frames import FrameLength

ASK_MS = 200
"""The silence at which a turn model is asked, once a pause: it needs 100 to 200 ms of what follows
a word, and asking later or again tells no more."""


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """From a probability of `threshold` on silence lasts `likely_ms`, below it `unlikely_ms`."""

    threshold: float
    likely_ms: int
    unlikely_ms: int

    def in_frames(self, length: FrameLength) -> TurnWaits:
        """Return the same in a detector's frames."""
        likely, unlikely = length.frames(self.likely_ms), length.frames(self.unlikely_ms)
        return TurnWaits(length.frames(ASK_MS), self.threshold, likely, unlikely)


@dataclass(frozen=True, slots=True)
class TurnWaits:
    """A policy in frames; `ask` is the silence at which a pause is judged."""

    ask: int
    threshold: float
    likely: int
    unlikely: int

    def wait(self, probability: float) -> int:
        """Return the frames of silence that end a turn."""
        return self.likely if probability >= self.threshold else self.unlikely
