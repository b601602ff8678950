"""From clean speech to what a model hears: pace, room, noise, telephone line, level.

Every function takes and returns (n,) float32 at 16 kHz and draws from the generator it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio import nonspeech

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often each effect is applied, as shares of the clips (0..1)."""

    speed: float = 0.0
    room: float = 0.0
    noise: float = 0.0
    telephone: float = 0.0
    tilt: float = 0.0
    lowest_snr_db: float = 5.0


def augment(
    rng: np.random.Generator, speech: Samples, strength: Augmentation, cut: bool = False
) -> Samples:
    """Everything in its order; a clip that is ``cut`` off gets no silence after it."""
    if rng.random() < strength.speed:
        speech = resampled(rng, speech)
    if rng.random() < strength.tilt:
        speech = tilted(rng, speech)
    if rng.random() < strength.room:
        speech = in_a_room(rng, speech)
    speech = surrounded(rng, speech, cut)
    gain = 10 ** (rng.uniform(-30, 0) / 20)
    if rng.random() < strength.noise:
        speech = noisy(rng, speech, rng.uniform(strength.lowest_snr_db, 32))
    speech = speech * np.float32(gain)
    if rng.random() < strength.telephone:
        speech = telephone(rng, speech)
    return np.clip(speech, -1, 1).astype(np.float32)


def resampled(
    rng: np.random.Generator, speech: Samples, least: float = 0.85, most: float = 1.18
) -> Samples:
    """Pace, pitch and vocal-tract length together: another speaker from the same recording."""
    factor = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    return soxr.resample(speech, SAMPLE_RATE * factor, SAMPLE_RATE, quality="LQ").astype(np.float32)


def tilted(rng: np.random.Generator, speech: Samples) -> Samples:
    """A random smooth equaliser of +-8 dB: microphones and distances."""
    knots = 10 ** (rng.uniform(-8, 8, 7) / 20)
    return _filtered(speech, lambda hertz: np.interp(hertz, 62.5 * 2 ** np.arange(1, 8), knots))


def in_a_room(rng: np.random.Generator, speech: Samples) -> Samples:
    """Convolution with decaying noise after a direct path: RT60 0.1 to 0.6 s."""
    decay = rng.uniform(0.1, 0.6)
    length = int(decay * SAMPLE_RATE)
    time = np.arange(length) / SAMPLE_RATE
    response = rng.standard_normal(length) * np.exp(-6.9 * time / decay)
    response *= 10 ** (rng.uniform(-12, 2) / 20) / (np.sqrt(np.sum(response**2)) + 1e-9)
    response[0] += 1.0
    size = _fast_length(len(speech) + length)
    product = np.fft.rfft(speech, size) * np.fft.rfft(response.astype(np.float32), size)
    wet = np.fft.irfft(product, size)[: len(speech) + length // 3]
    return (wet / max(1.0, float(np.abs(wet).max()))).astype(np.float32)


def surrounded(rng: np.random.Generator, speech: Samples, cut: bool = False) -> Samples:
    """Silence around it, as a voice detector leaves it: digital zero or faint noise.

    Mostly 0.05 to 0.45 s on either side; none behind a clip that is ``cut`` off.
    """
    lead = int(SAMPLE_RATE * _margin(rng))
    tail = 0 if cut else int(SAMPLE_RATE * _margin(rng))
    out = np.zeros(lead + len(speech) + tail, np.float32)
    out[lead : lead + len(speech)] = speech
    if rng.random() < 0.6:
        floor = 10 ** rng.uniform(-4.5, -2.7)
        out += nonspeech.coloured_noise(rng, len(out)) * np.float32(floor)
    return out


def _margin(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.05, 0.45) if rng.random() < 0.85 else rng.uniform(0.0, 1.0))


def noisy(rng: np.random.Generator, speech: Samples, snr_db: float) -> Samples:
    """Adds coloured noise, hum or tones at a ratio to the mean power of the clip."""
    kind = rng.random()
    if kind < 0.8:
        noise = nonspeech.coloured_noise(rng, len(speech))
    else:
        noise = nonspeech.hum(rng, len(speech)) if kind < 0.9 else nonspeech.tones(rng, len(speech))
    power = float(np.mean(noise**2)) + 1e-12
    scale = np.sqrt(float(np.mean(speech**2)) / power / 10 ** (snr_db / 10))
    return (speech + noise * np.float32(scale)).astype(np.float32)


def telephone(rng: np.random.Generator, speech: Samples) -> Samples:
    """An 8 kHz line, usually with mu-law; half of them also with its old 200 to 3500 Hz."""
    if rng.random() < 0.5:
        speech = _filtered(
            speech, lambda hertz: (hertz < 3500) / (1 + (200 / np.maximum(hertz, 1)) ** 6)
        )
    return narrow_band(speech, companded=bool(rng.random() < 0.75))


def narrow_band(speech: Samples, companded: bool = True) -> Samples:
    """Down to 8 kHz, through mu-law, and back."""
    narrow = soxr.resample(speech, SAMPLE_RATE, 8000)
    wide = soxr.resample(mu_law(narrow) if companded else narrow, 8000, SAMPLE_RATE)
    return wide[: len(speech)].astype(np.float32)


def _filtered(speech: Samples, response: Callable[[Samples], NDArray[np.floating]]) -> Samples:
    """Multiplies the spectrum by a function of the frequency in Hz."""
    size = _fast_length(len(speech))
    hertz = np.linspace(0, SAMPLE_RATE / 2, size // 2 + 1, dtype=np.float32)
    spectrum = np.fft.rfft(speech, size) * response(hertz).astype(np.float32)
    return np.fft.irfft(spectrum, size)[: len(speech)].astype(np.float32)


def _fast_length(least: int) -> int:
    """A length from ``least`` on, at most an eighth longer, that an FFT takes quickly."""
    step = 1 << max(0, least.bit_length() - 4)
    return -(-least // step) * step


def mu_law(samples: NDArray[np.floating]) -> Samples:
    """There and back through 8-bit mu-law (its continuous form)."""
    compressed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)
    levels = np.round(compressed * 127) / 127
    return (np.sign(levels) * (256 ** np.abs(levels) - 1) / 255).astype(np.float32)
