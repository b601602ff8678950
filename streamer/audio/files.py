"""Audio files as streams of mono samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray


class AudioFileError(Exception):
    """A file that cannot be read as audio."""


class AudioFile:
    """A file that soundfile can read, mixed to mono and resampled as it is read."""

    def __init__(self, path: Path, rate: int) -> None:
        """Open `path`, to be read at `rate` Hz; raises AudioFileError."""
        self.path = path
        self._rate = rate
        try:
            self._file = soundfile.SoundFile(path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise AudioFileError(f"{path}: not readable as audio: {error}") from error
        self.seconds: float = self._file.frames / self._file.samplerate

    def blocks(self, seconds: float) -> Iterator[NDArray[np.float32]]:
        """Yield (n,) float32 pieces of about so many seconds; raises AudioFileError."""
        source_rate: int = self._file.samplerate
        resampler = soxr.ResampleStream(source_rate, self._rate, 1, dtype="float32")
        size = max(1, round(seconds * source_rate))
        with self._file:
            try:
                for block in self._file.blocks(blocksize=size, dtype="float32", always_2d=True):
                    mono = np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))
                    yield resampler.resample_chunk(mono)
            except soundfile.LibsndfileError as error:
                raise AudioFileError(f"{self.path}: broken off: {error}") from error
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
