"""Waveform to normalised log-mel frames, equal to the reference extractor.

The steps and constants are those of `CohereAsrFeatureExtractor` in Hugging Face transformers
(5.23, `models/cohere_asr/feature_extraction_cohere_asr.py`), for the valid frames of one clip.
tests/families/cohere/export compares the two.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from streamer.audio.mel import slaney_filters
from streamer.speech.clip import SAMPLE_RATE

MEL_BINS = 128
HOP = 160
"""Samples from one frame to the next: 10 ms."""
WINDOW = 400
"""Samples under the Hann window: 25 ms, centred on the frame."""
FFT_SIZE = 512
PREEMPHASIS = 0.97
DITHER = 1e-5
"""Standard deviation of the noise added first. Audio with digital near-silence needs it: without
it the normalised features of such audio move by 0.03 to 0.6 on average."""
LOG_GUARD = 2.0**-24
"""Added to the mel power before the logarithm; not a clamp."""
STD_GUARD = 1e-5
"""Added to the standard deviation, outside the root."""
MIN_SAMPLES = SAMPLE_RATE // 10
"""100 ms. The variance needs two frames; anything this short holds no word either."""


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn (n,) float32 samples at 16 kHz into (128, n // 160) float32, each row normalised.

    Frame t is centred on sample 160 t; the reference's further frame, the one never valid, is not
    made. Raises ValueError below `MIN_SAMPLES`.
    """
    n = len(samples)
    if n < MIN_SAMPLES:
        raise ValueError(f"{n} samples are too few for features: at least {MIN_SAMPLES} are needed")
    return normalised(log_rows(samples, dither_noise(n)))


def log_rows(
    samples: NDArray[np.float32], noise: NDArray[np.float32], first: int = 0
) -> NDArray[np.float32]:
    """Return frames `first` to n // 160 of (n,) samples before normalisation: (128, frames).

    `noise` (n,) is what the samples are dithered with. The last frame may look past the samples,
    at zeros; the others stay the same when samples and noise go on.
    """
    n, half = len(samples), WINDOW // 2
    start = first * HOP - half  # of the first frame's window
    begin = max(0, start - 1)
    dithered = samples[begin:] + np.float32(DITHER) * noise[begin:]
    emphasised = dithered.copy()
    emphasised[1:] -= np.float32(PREEMPHASIS) * dithered[:-1]
    if start > 0:
        emphasised = emphasised[1:]
    padded = np.zeros(n - start + half, np.float32)
    padded[max(0, -start) : len(padded) - half] = emphasised
    frames = sliding_window_view(padded, WINDOW)[::HOP][: n // HOP - first]
    # The window's place inside the FFT frame turns phases only, which the power does not see.
    windowed = np.zeros((len(frames), FFT_SIZE), np.float32)
    np.multiply(frames, _window(), out=windowed[:, :WINDOW])
    # SciPy's is six times as fast as NumPy's here, but not where it has to pad.
    spectrum: NDArray[np.complex64] = scipy.fft.rfft(windowed)  # pyright: ignore[reportAssignmentType]
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(filter_bank() @ power.T + np.float32(LOG_GUARD))


def dither_noise(n: int) -> NDArray[np.float32]:
    """Return the (n,) standard normal numbers that torch's CPU generator gives when seeded with n.

    torch fills blocks of 16 by the Box-Muller transform, from 24-bit uniforms of a Mersenne
    Twister; a last incomplete block is overwritten by a fresh one that ends with the array
    (`normal_fill` in ATen's `DistributionTemplates.h`). Needs n >= 16.
    """
    words = np.random.RandomState(n).randint(0, 1 << 32, n + 16, np.uint32)
    uniform = (words & np.uint32(0xFFFFFF)).astype(np.float32) * np.float32(2.0**-24)
    noise = np.empty(n, np.float32)
    whole = n - n % 16
    noise[:whole] = _box_muller(uniform[:whole])
    if whole < n:
        noise[-16:] = _box_muller(uniform[n:])
    return noise


def _box_muller(uniform: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = uniform.reshape(-1, 2, 8)
    radius = np.sqrt(np.float32(-2.0) * np.log1p(-blocks[:, 0]))
    angle = np.float32(2.0 * np.pi) * blocks[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)


def normalised(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give each of the 128 rows mean 0 and standard deviation 1."""
    centred = mel - mel.mean(axis=1, keepdims=True)
    variance = np.square(centred).sum(axis=1, keepdims=True) / np.float32(mel.shape[1] - 1)
    return centred / (np.sqrt(variance) + np.float32(STD_GUARD))


@cache
def _window() -> NDArray[np.float32]:
    """The symmetric Hann window, (400,)."""
    return np.hanning(WINDOW).astype(np.float32)


@cache
def filter_bank() -> NDArray[np.float32]:
    """The mel filters of this front end: (128, 257)."""
    return slaney_filters(MEL_BINS, FFT_SIZE)
