"""Held-out speech to measure on: single sentences, and sentences joined to longer utterances."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio.shards import as_float, read_shard, shard_paths

Samples = NDArray[np.float32]
T = TypeVar("T")

_LEVEL = np.float32(0.5)
_MARGIN = SAMPLE_RATE // 4
"""What the endpointer leaves before and after speech: 0.25 s."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Sound, and what was said in it."""

    samples: Samples
    text: str

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / SAMPLE_RATE


def sentences(shards: Path, split: str) -> list[Sample]:
    """Every clip of an evaluation split as it was synthesised, in order."""
    return [
        Sample(as_float(shard.clip(entry)) * _LEVEL, entry.text)
        for shard in map(read_shard, shard_paths(shards, split))
        for entry in shard.entries
    ]


def clips(found: list[Sample], count: int) -> list[Sample]:
    """``count`` of the sentences, spread over all, with the margins that an endpointer leaves."""
    return [Sample(np.pad(s.samples, _MARGIN), s.text) for s in _spread(found, count)]


def of_length(found: list[Sample], shortest: float, longest: float, count: int) -> list[Sample]:
    """Utterances of ``shortest`` to ``longest`` seconds: sentences in a row, 0.3 s apart.

    ``count`` or fewer, as many as the sentences allow.
    """
    out: list[Sample] = []
    for start in _spread(range(len(found)), 2 * count):
        parts: list[Sample] = []
        total = 0.5
        for sentence in found[start:]:
            if total + sentence.seconds > longest:
                break
            parts.append(sentence)
            total += sentence.seconds + 0.3
            if total - 0.3 >= shortest:
                break
        if total - 0.3 >= shortest and len(out) < count:
            out.append(joined(parts, [0.3] * (len(parts) - 1)))
    return out


def conversations(
    rng: np.random.Generator, found: list[Sample], count: int, turns: int = 4
) -> list[Sample]:
    """``turns`` sentences in a row, 0.3 to 1.5 s apart, over a room's floor of -65 dBFS."""
    starts = _spread(range(0, len(found) - turns + 1, turns), count)
    out: list[Sample] = []
    for start in starts:
        whole = joined(found[start : start + turns], list(rng.uniform(0.3, 1.5, turns - 1)))
        floor = rng.standard_normal(len(whole.samples)) * 10 ** (-65 / 20)
        out.append(Sample((whole.samples + floor).astype(np.float32), whole.text))
    return out


def joined(parts: list[Sample], pauses: list[float]) -> Sample:
    """Sentences with so many seconds between them, and the margins around."""
    sound = [np.zeros(_MARGIN, np.float32)]
    for part, pause in zip(parts, [*pauses, 0.0], strict=True):
        sound += [part.samples, np.zeros(int(pause * SAMPLE_RATE), np.float32)]
    sound.append(np.zeros(_MARGIN, np.float32))
    return Sample(np.concatenate(sound), " ".join(p.text for p in parts))


def _spread(items: Sequence[T], count: int) -> Sequence[T]:
    return items[:: max(1, len(items) // count)][:count]
