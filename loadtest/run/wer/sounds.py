"""One recording as it comes out of a room or a telephone, and as it goes over the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from loadtest.run.wer.noises import Samples, babble, mixed, white
from streamer.audio.encodings import Encoding, decode
from streamer.speech.clip import SAMPLE_RATE

MARGIN = SAMPLE_RATE
"""Samples before and behind what is said: the endpoint's silence fits into them."""
SNR_DB = 10.0
TELEPHONE_HZ = 8000


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """`data` is what a client sends, margins and all; `samples` what an engine hears at once."""

    data: bytes
    encoding: Encoding
    rate: int
    samples: Samples

    @property
    def byte_rate(self) -> int:
        """Bytes a second."""
        return self.rate * self.encoding.sample_bytes


Kind = Callable[[Samples, np.random.Generator, Sequence[Samples]], Sound]
"""Makes a sound of a recording's (n,) samples, by chance and with other voices."""


def clean(samples: Samples, *_: object) -> Sound:
    """As it was recorded."""
    return _wideband(_padded(samples))


def white_noise(samples: Samples, rng: np.random.Generator, *_: object) -> Sound:
    """White noise at 10 dB."""
    noise = white(rng, len(samples) + 2 * MARGIN)
    return _wideband(mixed(_padded(samples), noise, SNR_DB, MARGIN))


def babbling(samples: Samples, rng: np.random.Generator, voices: Sequence[Samples]) -> Sound:
    """Six others at 10 dB."""
    noise = babble(rng, voices, len(samples) + 2 * MARGIN)
    return _wideband(mixed(_padded(samples), noise, SNR_DB, MARGIN))


def telephone(samples: Samples, *_: object) -> Sound:
    """ITU-T G.711 mu-law at 8 kHz."""
    narrow = soxr.resample(_padded(samples), SAMPLE_RATE, TELEPHONE_HZ)
    data = mulaw(narrow)
    back = soxr.resample(decode(Encoding.MULAW, data), TELEPHONE_HZ, SAMPLE_RATE)
    return Sound(data, Encoding.MULAW, TELEPHONE_HZ, back[MARGIN:-MARGIN])


KINDS: Mapping[str, Kind] = {
    "clean": clean,
    "mulaw": telephone,
    "white": white_noise,
    "babble": babbling,
}


def mulaw(samples: Samples) -> bytes:
    """Write each sample as the code whose value is nearest."""
    codes = np.arange(256, dtype=np.uint8)
    values = decode(Encoding.MULAW, codes.tobytes())
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return codes[order][np.searchsorted(middles, samples)].tobytes()


def _padded(samples: Samples) -> Samples:
    return np.pad(samples, MARGIN)


def _wideband(samples: Samples) -> Sound:
    data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    heard = decode(Encoding.PCM_S16LE, data)
    return Sound(data, Encoding.PCM_S16LE, SAMPLE_RATE, heard[MARGIN:-MARGIN])
