"""The frames that a voice detector judges, and endpointing counts in."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.speech.clip import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class FrameLength:
    """How long a frame is, in samples at `SAMPLE_RATE`."""

    samples: int

    def frames(self, milliseconds: float) -> int:
        """The number of frames in a duration, to the nearest, and at least one."""
        return max(1, round(milliseconds * SAMPLE_RATE / 1000 / self.samples))

    def whole(self, seconds: float) -> int:
        """How many whole frames fit in a duration."""
        return int(seconds * SAMPLE_RATE / self.samples)
