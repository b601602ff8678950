"""Audio to transcribe in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.speech.options import DecodeOptions
from streamer.speech.pcm16 import from_pcm16

SAMPLE_RATE = 16_000
"""Hz. The one rate that sessions, detectors and model families work at."""

MAX_CLIP_S = 35
"""The longest clip that an engine is ever asked for, in seconds: what the feature extractor of
Cohere Transcribe takes in one pass. Models may say less."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A stretch of audio, and what is wanted of it.

    `samples` is (n,) float32 mono at `SAMPLE_RATE`, in [-1, 1]. Whoever makes a clip hands the
    array over: nobody may write to it afterwards. `draft` is the tokens of a hypothesis for less
    of the same audio: an engine may check them at once instead of one by one, and its answer never
    depends on them. `incremental` names an utterance of which more is to come: all clips of a name
    begin with the same samples, so that an engine may keep what it made of them, and its answer may
    differ by what 1e-5 of noise makes. Whoever asks for one that is `patient` has time for it: an
    engine may let it wait for others, but not for ever.
    """

    samples: NDArray[np.float32]
    options: DecodeOptions
    draft: tuple[int, ...] = ()
    incremental: str | None = None
    patient: bool = False

    @property
    def exact(self) -> bool:
        """Whether the answer is what the reference would say, to the last bit of noise."""
        return self.incremental is None

    @property
    def seconds(self) -> float:
        """The clip's length in seconds."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class StoredClip:
    """A clip that waits for its turn, half as large: `pcm` is (n,) samples of 16 bits.

    For the rest see `Clip`.
    """

    pcm: NDArray[np.int16]
    options: DecodeOptions
    draft: tuple[int, ...] = ()
    incremental: str | None = None

    @property
    def exact(self) -> bool:
        """Whether the answer is what the reference would say."""
        return self.incremental is None

    @property
    def seconds(self) -> float:
        """The clip's length in seconds."""
        return len(self.pcm) / SAMPLE_RATE

    def loaded(self, *, patient: bool = False) -> Clip:
        """Return what an engine takes."""
        samples = from_pcm16(self.pcm)
        return Clip(samples, self.options, self.draft, self.incremental, patient)
