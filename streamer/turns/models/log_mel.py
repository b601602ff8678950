"""The front end that Whisper's descendants hear through: log-mel of a fixed window.

The steps and constants are those of pipecat 1.14 (`audio/turn/smart_turn`), which are those of
`WhisperFeatureExtractor` in Hugging Face transformers with normalisation.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from streamer.audio.mel import slaney_filters
from streamer.speech.clip import SAMPLE_RATE

HOP = 160
"""Samples from one frame to the next: 10 ms."""
WINDOW = 400
"""Samples under the Hann window: 25 ms, centred on the frame."""
VARIANCE_GUARD = 1e-7
"""Added to the variance, inside the root."""
FLOOR = 1e-10
"""The least mel power."""
RANGE = 8.0
"""What is more than so many powers of ten below the loudest is as quiet as that."""


def frames_of(seconds: int) -> int:
    """Return how many frames a window of so many seconds has."""
    return seconds * SAMPLE_RATE // HOP


def whisper_log_mel(samples: NDArray[np.float32], seconds: int, bands: int) -> NDArray[np.float32]:
    """Turn the last `seconds` of (n,) samples into (bands, 100 a second); zeros stand in front.

    Loudness does not matter: the window, with those zeros, has mean 0 and variance 1.
    """
    window = np.zeros(seconds * SAMPLE_RATE, np.float32)
    last = samples[-len(window) :]
    window[len(window) - len(last) :] = last
    window -= window.mean()
    window /= np.sqrt(window.var() + np.float32(VARIANCE_GUARD))
    padded = np.pad(window, WINDOW // 2, mode="reflect")
    frames = sliding_window_view(padded, WINDOW)[::HOP][: frames_of(seconds)]
    spectrum: NDArray[np.complex64] = scipy.fft.rfft(frames * _hann())  # pyright: ignore[reportAssignmentType]
    power = spectrum.real**2 + spectrum.imag**2
    log = np.log10(np.maximum(_filters(bands) @ power.T, np.float32(FLOOR)))
    return (np.maximum(log, log.max() - np.float32(RANGE)) + np.float32(4)) / np.float32(4)


@cache
def _filters(bands: int) -> NDArray[np.float32]:
    return slaney_filters(bands, WINDOW)


@cache
def _hann() -> NDArray[np.float32]:
    """The periodic Hann window, (400,)."""
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)
