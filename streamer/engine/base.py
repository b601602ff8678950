"""What every engine is to the rest of the house: clips in, hypotheses out.

The scheduler knows only these types, so one server runs on a local ONNX model, an upstream
API or a cluster of replicas alike. An engine knows nothing of sessions or connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hz. The one rate that the model family takes (Cohere Transcribe 03-2026, feature extractor)."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Audio to transcribe in one pass.

    `samples` is (n,) float32 mono at `SAMPLE_RATE`, in [-1, 1]. Whoever makes a clip hands the
    array over: nobody may write to it afterwards. `draft` is the tokens of a hypothesis for less
    of the same audio: an engine may check them at once instead of one by one, and its answer never
    depends on them.
    """

    samples: NDArray[np.float32]
    language: str
    punctuation: bool
    draft: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """The clip's length in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model heard in a clip.

    `tokens` are vocabulary ids without the prompt and the end token. `confidence` is the
    geometric mean of the chosen tokens' probabilities, end token included, 0 to 1.
    """

    text: str
    tokens: tuple[int, ...]
    confidence: float


NOTHING_HEARD = Hypothesis(text="", tokens=(), confidence=1.0)
"""The hypothesis for a clip that no model needs to see."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What users are told about a loaded model."""

    name: str
    languages: tuple[str, ...]
    provider: str
    precision: str
    max_seconds: float
    demonstration: bool


class Engine(Protocol):
    """A loaded speech model."""

    @property
    def info(self) -> EngineInfo:
        """Name, languages and where it runs; constant for the engine's life."""
        ...

    def transcribe(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Hypothesis]]:
        """Yield (index into `clips`, hypothesis) as rows end, each index once, in any order.

        Blocks; the scheduler calls it from its one worker thread. A clip's text never depends
        on the other clips. Raises whatever the runtime raises: clips not yet yielded have failed.
        """
        ...
