"""The detectors that a client may ask for by name."""

from __future__ import annotations

from collections.abc import Callable

from streamer.vad import silero
from streamer.vad.base import DetectorOptions, JudgedOutside, VoiceDetector
from streamer.vad.webrtc import WebrtcAboveNoise, WebrtcDetector

SILERO = "silero"
WEBRTC = "webrtc"
OFF = "off"
"""No detector opens or closes utterances; one tells where their pauses are all the same."""

DETECTORS: dict[str, Callable[[DetectorOptions], VoiceDetector | JudgedOutside]] = {
    SILERO: lambda _: JudgedOutside(silero.FRAME_SAMPLES),
    WEBRTC: WebrtcAboveNoise,
    OFF: WebrtcDetector,
}

ALWAYS_HERE = (WEBRTC, OFF)
"""Those that need no file; the first is the default where there is no better one."""

PROBABLE = (SILERO,)
"""Those that give probabilities, for `vad_threshold` to judge, and not a verdict."""
