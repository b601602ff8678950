"""Voice-activity detectors: frames in, speech or not out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.frames import FRAME_SAMPLES

_FRAME_BYTES = 2 * FRAME_SAMPLES


class VoiceDetector(Protocol):
    """Says of each 20 ms frame whether it holds speech; may remember earlier frames."""

    def voiced(self, frames: NDArray[np.float32]) -> list[bool]:
        """Judge the next frames: (n, `FRAME_SAMPLES`) float32 in [-1, 1]."""
        ...


class WebrtcDetector:
    """The Gaussian-mixture detector of WebRTC.

    Its own hangover makes a single click last some four to six frames; tones and loud steady
    noise it takes for speech. The endpointer reckons with the first, the model with the second.
    """

    def __init__(self, aggressiveness: int) -> None:
        """`aggressiveness` is 0 to 3: the higher, the less often noise passes for speech."""
        self._vad = webrtcvad.Vad(aggressiveness)

    def voiced(self, frames: NDArray[np.float32]) -> list[bool]:
        """Judge the next frames."""
        pcm = (frames * np.float32(32767)).astype("<i2").tobytes()
        return [
            self._vad.is_speech(pcm[at : at + _FRAME_BYTES], SAMPLE_RATE)
            for at in range(0, len(pcm), _FRAME_BYTES)
        ]


class EverythingIsSpeech:
    """No detection: all audio belongs to an utterance until somebody closes it."""

    def voiced(self, frames: NDArray[np.float32]) -> list[bool]:
        """Call every frame speech."""
        return [True] * len(frames)
