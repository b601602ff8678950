"""What the detector of WebRTC is given to judge."""

from __future__ import annotations

import numpy as np
import pytest

from streamer.vad import webrtc
from streamer.vad.base import DetectorOptions


class Ear:
    """Stands in for the library; keeps the samples that it is given."""

    heard = b""

    def __init__(self, aggressiveness: int) -> None: ...

    def is_speech(self, pcm: bytes, rate: int) -> bool:
        Ear.heard += pcm
        return False


def test_a_sample_at_full_scale_stays_at_full_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc.webrtcvad, "Vad", Ear)
    monkeypatch.setattr(Ear, "heard", b"")
    frames = np.ones((2, webrtc.FRAME_SAMPLES), np.float32)
    frames[1] = -1.0
    webrtc.WebrtcDetector(DetectorOptions(aggressiveness=2)).speech(frames)
    loud, low = np.frombuffer(Ear.heard, "<i2").reshape(2, -1)
    assert loud.min() == 32767
    assert low.max() <= -32767
