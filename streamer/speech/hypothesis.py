"""What a model heard."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is displayed, its punctuation attached, and when it was said.

    `start` and `end` are seconds from the clip's start. `confidence` is the geometric mean of the
    probabilities of the word's tokens, 0 to 1; None where the engine does not tell.
    """

    text: str
    start: float
    end: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model heard in a clip.

    `tokens` are vocabulary ids without the prompt and the end token. `confidence` is the
    geometric mean of the chosen tokens' probabilities, end token included, 0 to 1; an engine that
    is not told it has None, and no tokens. `words` is None where they were not asked for, or the
    model cannot tell; joined by spaces they are the text.
    """

    text: str
    tokens: tuple[int, ...]
    confidence: float | None
    words: tuple[Word, ...] | None = None
    complete: bool = True
    """Whether the model came to an end by itself, and not to the limit of a text's length."""


NOTHING_HEARD = Hypothesis(text="", tokens=(), confidence=1.0)
"""The hypothesis for a clip that no model needs to see."""


@dataclass(frozen=True, slots=True)
class EngineError:
    """Why a clip has no hypothesis; the clip may be tried again.

    Where `shared` is true, any of the clips that were in flight may have been the cause. Where the
    engine is `away`, it has not heard the clip at all: that says nothing of the clip.
    """

    message: str
    shared: bool = False
    away: bool = False


Outcome = Hypothesis | EngineError
"""How a clip ends."""
