"""How loud the speech of a channel is: too quiet to be heard well, or clipped by its microphone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.session.events import WarningCode
from streamer.speech.frames import FrameLength
from streamer.vad.base import SPEECH

QUIET = 0.001
"""-60 dB of full scale. Speech whose loud frames stay below it is near the step of 8-bit telephone
codes (mu-law: 0.0005) and three of 16 bits' upper ten. Human recordings lie at -30 to -15 dB; 20 dB
below that nothing is lost yet, and nothing is said."""

QUIET_PERCENTILE = 90
"""Of the frames called speech: the vowels, not the pauses between them."""

CLIPPED = 0.99
"""Where a microphone's full scale ends, in any encoding (mu-law's largest step is 0.98)."""

FLAT_RUN = 3
"""Samples in a row at the largest value so far: a wave that is cut off. A loud one that is not
only touches it."""

CLIPPED_SHARE = 0.1
"""Of the frames called speech: one shout, or a cough, is none of the client's trouble."""

JUDGED_S = 3.0
"""Speech after which the two are judged, over the last so many seconds of it."""

LEVEL_MESSAGES = {
    WarningCode.QUIET_AUDIO: "speech is below -60 dB of full scale and may be missed: is the "
    "microphone turned down, or the encoding another?",
    WarningCode.CLIPPED_AUDIO: "a tenth of the speech is cut off at full scale and may be "
    "misheard: turn the microphone down",
}


class Levels:
    """Those of all channels; of none where nobody tells what is speech."""

    def __init__(self, channels: int, length: FrameLength) -> None:
        self._channels = [SpeechLevels(length.whole(JUDGED_S)) for _ in range(channels)]

    def found(
        self, frames: NDArray[np.float32], probabilities: Sequence[Sequence[float]]
    ) -> Iterator[WarningCode]:
        """Take judged frames, (channels, n, frame) samples; yields what is wrong with speech."""
        for levels, row, judged in zip(self._channels, frames, probabilities, strict=False):
            if max(judged) >= SPEECH:
                yield from levels.add(row[np.array(judged) >= SPEECH])


class SpeechLevels:
    """Collects the levels of the frames that are speech; judges when there are enough of them."""

    def __init__(self, frames: int) -> None:
        self._wanted = frames
        self._levels: list[float] = []
        self._clipped = 0

    def add(self, speech: NDArray[np.float32]) -> list[WarningCode]:
        """Take (n, frame) samples of speech; returns what is wrong with the last seconds of it."""
        found: list[WarningCode] = []
        for frame in speech:
            self._levels.append(float(np.sqrt(np.mean(np.square(frame)))))
            self._clipped += is_clipped(frame)
            if len(self._levels) == self._wanted:
                found += self._judged()
                self._levels.clear()
                self._clipped = 0
        return found

    def _judged(self) -> list[WarningCode]:
        found: list[WarningCode] = []
        if float(np.percentile(self._levels, QUIET_PERCENTILE)) < QUIET:
            found.append(WarningCode.QUIET_AUDIO)
        if self._clipped >= CLIPPED_SHARE * self._wanted:
            found.append(WarningCode.CLIPPED_AUDIO)
        return found


def is_clipped(frame: NDArray[np.float32]) -> bool:
    """Whether the wave of (n,) samples is cut off: flat for a while at full scale."""
    peaks = np.abs(frame) >= CLIPPED
    run = peaks[FLAT_RUN - 1 :].copy()
    for shift in range(1, FLAT_RUN):
        run &= peaks[FLAT_RUN - 1 - shift : len(peaks) - shift]
    return bool(run.any())
