"""The Gaussian-mixture detector of WebRTC."""

from __future__ import annotations

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from streamer.vad.base import DetectorOptions
from streamer.vad.noise_floor import NoiseFloor

FRAME_SAMPLES = SAMPLE_RATE // 50
"""20 ms: it takes 10, 20 or 30, and 20 is also the packet of telephony."""

_FRAME_BYTES = 2 * FRAME_SAMPLES
_PCM16 = np.dtype("<i2")
_SCALE = np.float32(32767)


class WebrtcDetector:
    """Says yes or no.

    Its own hangover makes a single click last some four to six frames; tones and loud steady
    noise it takes for speech. The endpointer reckons with the first, `WebrtcAboveNoise` with the
    second.
    """

    frame_samples = FRAME_SAMPLES

    def __init__(self, options: DetectorOptions) -> None:
        self._vad = webrtcvad.Vad(options.aggressiveness)

    def speech(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Judge the next frames: ones and zeros."""
        pcm = (frames * _SCALE).astype(_PCM16).tobytes()
        voiced = [
            self._vad.is_speech(pcm[at : at + _FRAME_BYTES], SAMPLE_RATE)
            for at in range(0, len(pcm), _FRAME_BYTES)
        ]
        return np.array(voiced, np.float32)


class WebrtcAboveNoise(WebrtcDetector):
    """Says yes only where what is heard stands out of the noise of the last seconds."""

    def __init__(self, options: DetectorOptions) -> None:
        super().__init__(options)
        self._floor = NoiseFloor(FRAME_SAMPLES)

    def speech(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Judge the next frames: ones and zeros."""
        return super().speech(frames) * np.array(self._floor.stands_out(frames), np.float32)
