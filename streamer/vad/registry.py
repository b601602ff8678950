"""The detectors that a client may ask for by name; the first is the default."""

from __future__ import annotations

from collections.abc import Callable

from streamer.vad.base import DetectorOptions, VoiceDetector
from streamer.vad.everything import EverythingIsSpeech
from streamer.vad.webrtc import WebrtcDetector

OFF = "off"

DETECTORS: dict[str, Callable[[DetectorOptions], VoiceDetector]] = {
    "webrtc": WebrtcDetector,
    OFF: EverythingIsSpeech,
}
