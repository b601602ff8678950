"""Audio files as streams of samples."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATES = range(1000, 768_001)
"""Hz; a file that claims another rate is broken, or made to exhaust us."""

MAX_CHANNELS = 64

BLOCK_SAMPLES = 1 << 20
"""In memory at a time, whatever rate and channels a file has: 4 MB."""


class AudioFileError(Exception):
    """A file that cannot be read as audio."""


class AudioFile:
    """A file that soundfile can read, resampled as it is read."""

    def __init__(self, source: Path | BinaryIO, rate: int, name: str | None = None) -> None:
        """Open a path or an open file, to be read at `rate` Hz; raises AudioFileError.

        `name` is what errors call the file, if not by its path. An open file is not closed.
        """
        self.name = name or str(source)
        self._rate = rate
        try:
            self._file = soundfile.SoundFile(source)
        except (OSError, soundfile.LibsndfileError) as error:
            if isinstance(source, Path) and not source.exists():
                # libsndfile knows this as "System error" only.
                raise AudioFileError(f"{self.name}: no such file") from error
            raise AudioFileError(f"{self.name}: not readable as audio: {error}") from error
        if self._file.samplerate not in RATES or self._file.channels > MAX_CHANNELS:
            claim = f"{self._file.samplerate} Hz and {self._file.channels} channels"
            self._file.close()
            raise AudioFileError(f"{self.name}: not readable as audio: it claims {claim}")
        self.seconds: float = self._file.frames / self._file.samplerate
        self.channels: int = self._file.channels

    def blocks(self, seconds: float, *, mixed: bool = True) -> Generator[NDArray[np.float32]]:
        """Yield float32 pieces of about so many seconds; raises AudioFileError.

        They are (n,), all channels mixed to one, or (n, channels) if they are not to be mixed.
        """
        source_rate: int = self._file.samplerate
        channels = 1 if mixed else self.channels
        resampler = soxr.ResampleStream(source_rate, self._rate, channels, dtype="float32")
        size = max(1, min(round(seconds * source_rate), BLOCK_SAMPLES // self.channels))
        with self._file:
            try:
                # Not `SoundFile.blocks`: where a file holds less than its header claims, that gives
                # the last block again and again.
                while len(block := self._file.read(size, dtype="float32", always_2d=True)):
                    with np.errstate(over="ignore", invalid="ignore"):  # the session sees to these
                        samples = block.mean(axis=1, dtype=np.float32) if mixed else block
                    yield resampler.resample_chunk(np.ascontiguousarray(samples))
            except soundfile.LibsndfileError as error:
                raise AudioFileError(f"{self.name}: broken off: {error}") from error
        rest = np.zeros(0 if mixed else (0, channels), np.float32)
        yield resampler.resample_chunk(rest, last=True)
