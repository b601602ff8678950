"""The frame that voice-activity detection and endpointing count in."""

from __future__ import annotations

from streamer.speech.clip import SAMPLE_RATE

FRAME_MS = 20
"""WebRTC's detector takes 10, 20 or 30 ms; 20 ms is also the packet of telephony."""

FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000

FRAMES_PER_SECOND = 1000 // FRAME_MS


def frames_of(milliseconds: float) -> int:
    """The number of frames in a duration, to the nearest, and at least one."""
    return max(1, round(milliseconds / FRAME_MS))
