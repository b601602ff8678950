"""Integer PCM of any width, rate and number of channels, to mono float samples at one rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.audio.decoder import AudioDecoder
from streamer.audio.encodings import Encoding
from streamer.audio.mixing import Mixer


@dataclass(frozen=True, slots=True)
class PcmFormat:
    """How integer PCM is written: Hz, bytes a sample, interleaved channels.

    Samples are little-endian and signed, but for those of one byte, which are unsigned as in WAV.
    """

    rate: int
    width: int
    channels: int


class PcmConverter:
    """Bytes of one format in, mono float32 samples at the target rate out.

    The output depends on the bytes alone, not on how they were split into calls.
    """

    def __init__(self, source: PcmFormat, target_rate: int) -> None:
        """Convert from a format with a rate of at least 50 Hz and a width of 1 to 4 bytes."""
        self._source = source
        self._tail = b""
        self._mixer = Mixer(source.rate, source.channels)
        self._resampler = AudioDecoder(Encoding.PCM_F32LE, source.rate, 1, target_rate)

    def feed(self, data: bytes) -> NDArray[np.float32]:
        """Convert what `data` completes, to (n,) samples."""
        data = self._tail + data
        frame = self._source.width * self._source.channels
        whole = len(data) - len(data) % frame
        self._tail = data[whole:]
        samples = _floats(data[:whole], self._source.width).reshape(-1, self._source.channels)
        return self._resampled(self._mixer.feed(samples))

    def finish(self) -> NDArray[np.float32]:
        """Return the samples still inside the resampler; bytes of half a sample are dropped."""
        rest = self._resampled(self._mixer.finish())
        return np.concatenate([rest, self._resampler.finish()[0][0]])

    def _resampled(self, mono: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._resampler.feed(mono.astype("<f4").tobytes())[0]


def _floats(data: bytes, width: int) -> NDArray[np.float32]:
    """Scale whole samples to [-1, 1)."""
    match width:
        case 1:
            return (
                np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)
            ) / np.float32(128)
        case 2:
            return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(2**15)
        case 3:
            padded = np.zeros((len(data) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return padded.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
        case _:
            return np.frombuffer(data, "<i4").astype(np.float32) / np.float32(2**31)
