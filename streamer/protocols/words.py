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
