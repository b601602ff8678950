"""Words with times for the formats that cannot do without them."""

from __future__ import annotations

from streamer.session.events import Final
from streamer.speech.hypothesis import Word
from streamer.speech.word_spans import spread_words


def words_of(final: Final) -> tuple[Word, ...]:
    """Return the words as the model timed them, or estimates where it has not."""
    if final.words is not None:
        return final.words
    return spread_words(final.text, final.start, final.end, final.confidence)


def number_of(confidence: float | None) -> float:
    """Write a confidence where clients' types demand a number: 0 where the engine does not tell."""
    return 0.0 if confidence is None else round(confidence, 4)
