"""The silence that ends an utterance, where a client's API was made for another kind of model."""

from __future__ import annotations

SHORTEST_MS = 300
"""APIs whose models transcribe frame by frame are asked for 10 or 25 ms. A model that hears whole
utterances would be given single words: pauses between the words of a sentence last up to 200 ms."""

LONGEST_MS = 3000
"""The longest that a stream's settings take."""


def endpoint_silence_ms(asked_ms: float) -> int:
    """Return the nearest silence that suits this kind of model."""
    return round(min(max(asked_ms, SHORTEST_MS), LONGEST_MS))
