"""Samples of sixteen bits: what audio is kept as while it waits.

Half of what float32 takes, and exact for whatever came as 16-bit integers, mu-law or A-law. Of
all else it loses what lies 98 dB below full scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SCALE = np.float32(32768)

SAMPLE_BYTES = 2


def to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round (n,) samples; what is beyond [-1, 1] is clipped."""
    scaled = np.rint(samples * _SCALE)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def from_pcm16(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return (n,) samples in [-1, 1]."""
    return pcm * (1 / _SCALE)
