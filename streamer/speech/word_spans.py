"""Times of words where the model tells none."""

from __future__ import annotations

from streamer.speech.hypothesis import Word


def spread_words(text: str, start: float, end: float, confidence: float | None) -> tuple[Word, ...]:
    """Share a span of seconds out among a text's words, each by its number of characters.

    An estimate and no more: nothing was heard, pauses are not known, and every word is given the
    confidence of the whole. Text without spaces is one word.
    """
    texts = text.split()
    characters = sum(map(len, texts))
    words: list[Word] = []
    said = 0
    for one in texts:
        begins = start + (end - start) * said / characters
        said += len(one)
        ends = start + (end - start) * said / characters
        words.append(Word(one, begins, ends, confidence))
    return tuple(words)
