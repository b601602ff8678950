"""What a voice detector is to a session: frames in, how likely they are speech out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SPEECH = 0.5
"""The probability from which a frame is taken for speech, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """What a client may say of its detector.

    `aggressiveness` is 0 to 3: the higher, the less often noise passes for speech.
    """

    aggressiveness: int = 2


@dataclass(frozen=True, slots=True)
class JudgedOutside:
    """A detector that computes for too long to do it in the session.

    The session hands its frames out, and takes their probabilities as an input.
    """

    frame_samples: int
    """Samples of a frame, at 16 kHz."""


class VoiceDetector(Protocol):
    """Judges one channel's frames in their order; may remember earlier ones."""

    @property
    def frame_samples(self) -> int:
        """Samples of a frame, at 16 kHz; constant."""
        ...

    def speech(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Judge the next (n, `frame_samples`) in [-1, 1]: (n,) probabilities of speech."""
        ...
