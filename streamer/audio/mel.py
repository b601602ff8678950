"""Filters from a spectrum to mel bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE


def slaney_filters(bands: int, fft_size: int) -> NDArray[np.float32]:
    """Triangles from 0 to 8000 Hz on Slaney's mel scale, each of unit area.

    (bands, fft_size // 2 + 1), for spectra of sound at `SAMPLE_RATE`.
    """
    bin_hz = np.linspace(0.0, SAMPLE_RATE / 2, fft_size // 2 + 1)
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(SAMPLE_RATE / 2), bands + 2))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bin_hz - low) / (centre - low)
    falling = (high - bin_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (high - low))).astype(np.float32)


# Slaney's Auditory Toolbox: linear up to 1 kHz (15 mel), then 27 mel for each factor of 6.4.
_LINEAR_HZ_PER_MEL = 200.0 / 3.0
_KNEE_HZ = 1000.0
_KNEE_MEL = _KNEE_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    return _KNEE_MEL + float(np.log(hz / _KNEE_HZ)) / _LOG_STEP


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HZ_PER_MEL, above)
