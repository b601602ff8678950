"""Clips in batches, the longest first: what suits every model best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamer.speech.clip import Clip


def in_batches(
    clips: Sequence[Clip], batch: int, recognise: Callable[[list[Clip]], Sequence[str]]
) -> list[str]:
    """Return the texts of clips in their order, so many recognised at a time."""
    order = sorted(range(len(clips)), key=lambda i: -len(clips[i].samples))
    texts = [""] * len(clips)
    for at in range(0, len(order), batch):
        some = order[at : at + batch]
        for i, text in zip(some, recognise([clips[i] for i in some]), strict=True):
            texts[i] = text
    return texts
