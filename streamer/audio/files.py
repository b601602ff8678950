"""Recordings of every kind as streams of samples: sound files, and the sound of videos.

They are read in the process that asks; those of strangers are left to `isolation`. Every loop of a
demuxer reads or ends, so that the reader beneath it (`MeteredReader`) bounds bytes and seconds; no
more than a block is in memory; and what parts of FFmpeg see a stranger's bytes is listed in
`libav`. What that does not hold against is a fault in those parts that overwrites memory, and a
tag of a gigabyte, for which FFmpeg takes memory before it finds that the file is shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import soxr
from av.container import InputContainer
from av.error import EOFError as EndOfFileError
from av.error import FFmpegError
from numpy.typing import NDArray

from streamer.audio.libav import CODECS, FORMATS
from streamer.audio.metered import MeteredReader, ReadTooMuchError
from streamer.audio.mixing import NEARLY_SILENT, Mixer
from streamer.audio.problems import AudioFileError, refusal_of, unreadable
from streamer.audio.signatures import mp3_seconds
from streamer.audio.tracks import Piece, chosen_track

RATES = range(1000, 768_001)
"""Hz; a file that claims another rate is broken, or made to exhaust us."""

MAX_CHANNELS = 64

BLOCK_SAMPLES = 1 << 20
"""In memory at a time, whatever rate and channels a file has: 4 MB."""

PROBED_BYTES = 5_000_000
"""Read at the start to learn what is inside."""

MAX_STREAMS = 64


class AudioFile:
    """A file with sound in it, resampled as it is read."""

    def __init__(
        self,
        source: Path | BinaryIO,
        rate: int,
        name: str | None = None,
    ) -> None:
        """Open a path or an open file, to be read at `rate` Hz; raises AudioFileError.

        `name` is what errors call the file, if not by its path. An open file is not closed.
        `seconds` is what the file claims, for a progress bar; 0 where it claims nothing.
        `warnings` fills while `blocks` are read: what was left out or made up for, in words.
        """
        self.name = name or str(source)
        self.warnings: list[str] = []
        self._rate = rate
        self._owned = None if not isinstance(source, Path) else opened(source, self.name)
        file = source if self._owned is None else self._owned
        assert not isinstance(file, Path)
        try:
            self._reader = MeteredReader(file)
            self._container = self._demuxer()
            try:
                self._track, told = chosen_track(self._container, mp3_seconds(self._reader.head))
            except ValueError as problem:
                raise AudioFileError(f"{self.name}: {problem}") from problem
            self.warnings += told
            self._check(self._track.rate, self._track.channels)
        except BaseException:
            self.close()
            raise
        self.channels: int = self._track.channels
        self.seconds: float = self._track.seconds

    def blocks(self, seconds: float, *, mixed: bool = True) -> Generator[NDArray[np.float32]]:
        """Yield float32 pieces of about so many seconds; raises AudioFileError.

        They are (n,), all channels mixed to one, or (n, channels) if they are not to be mixed. A
        file that is broken is read as far as it goes, and that is in `warnings`.
        """
        try:
            converter: _Converter | None = None
            for piece in self._pieces(seconds):
                if converter is None or not converter.fits(piece):
                    if converter is not None:
                        yield converter.finish()
                    self._check(piece.rate, piece.samples.shape[1])
                    if not mixed and piece.samples.shape[1] != self.channels:
                        problem = f"its {self.channels} channels become {piece.samples.shape[1]}"
                        raise AudioFileError(f"{self.name}: {problem} on the way")
                    converter = _Converter(piece, self._rate, mixed=mixed, told=self._tell)
                yield converter.feed(piece.samples)
                self._reader.begin()
            if converter is not None:
                yield converter.finish()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file; `blocks` does so at its end."""
        if container := getattr(self, "_container", None):
            container.close()
        if self._owned is not None:
            self._owned.close()

    def _demuxer(self) -> InputContainer:
        head = self._reader.head
        if (problem := refusal_of(head)) is not None:
            raise AudioFileError(f"{self.name}: {problem}")
        options = {
            "format_whitelist": FORMATS,
            "codec_whitelist": CODECS,
            "protocol_whitelist": "",
            "probesize": str(PROBED_BYTES),
            "max_streams": str(MAX_STREAMS),
        }
        try:
            return av.open(
                self._reader,
                mode="r",
                options=options,
                metadata_errors="replace",
                io_open=_open_nothing_else,
            )
        except ReadTooMuchError as error:
            raise AudioFileError(f"{self.name}: not readable as audio: {error}") from error
        except (FFmpegError, OSError, ValueError) as error:
            problem = unreadable(head, broken_off=isinstance(error, EndOfFileError))
            raise AudioFileError(f"{self.name}: {problem}") from error

    def _pieces(self, seconds: float) -> Generator[Piece]:
        """Yield what the track holds in pieces of one rate and layout; ends where it breaks off."""
        track, read_s = self._track, 0.0
        try:
            for piece in track.pieces(seconds, BLOCK_SAMPLES):
                read_s += len(piece.samples) / piece.rate
                yield piece
        except (FFmpegError, OSError, ValueError, ReadTooMuchError) as error:
            if not read_s:
                raise AudioFileError(f"{self.name}: {track.nothing_heard()}") from error
            self._tell(f"broken off after {read_s:.1f} s: {_reason(error)}")
            return
        if not read_s and (track.faults or track.protected):
            raise AudioFileError(f"{self.name}: {track.nothing_heard()}")
        if track.is_short_of(read_s):
            self._tell(f"broken off after {read_s:.1f} s of the {track.seconds:.1f} s it claims")
        elif track.is_damaged:
            self._tell(f"damaged: {track.faults} pieces of its sound could not be decoded")
        elif self._reader.breaks_off:
            self._tell(f"broken off after {read_s:.1f} s: the file is shorter than it says")

    def _tell(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _check(self, rate: int, channels: int) -> None:
        if rate not in RATES or not 0 < channels <= MAX_CHANNELS:
            claim = f"{rate} Hz and {channels} channels"
            raise AudioFileError(f"{self.name}: not readable as audio: it claims {claim}")


class _Converter:
    """Pieces of one rate and one number of channels, mixed and resampled."""

    def __init__(
        self, first: Piece, rate: int, *, mixed: bool, told: Callable[[str], None]
    ) -> None:
        self._rate, self._channels = first.rate, first.samples.shape[1]
        self._mixer = Mixer(first.rate, self._channels) if mixed else None
        self._told = told
        channels = 1 if mixed else self._channels
        self._resampler = soxr.ResampleStream(first.rate, rate, channels, dtype="float32")

    def fits(self, piece: Piece) -> bool:
        return (piece.rate, piece.samples.shape[1]) == (self._rate, self._channels)

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._mixer is not None:
            samples = self._mixer.feed(samples)
            if self._mixer.cancelled:
                self._told(NEARLY_SILENT)
        return self._resampler.resample_chunk(np.ascontiguousarray(samples))

    def finish(self) -> NDArray[np.float32]:
        rest = np.zeros((0, self._channels), np.float32)
        if self._mixer is not None:
            rest = self._mixer.finish()
        return self._resampler.resample_chunk(rest, last=True)


def opened(path: Path, name: str) -> BinaryIO:
    """Open a path; raises AudioFileError, in words, where that cannot be."""
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise AudioFileError(f"{name}: no such file") from error
    except IsADirectoryError as error:
        raise AudioFileError(f"{name}: is a folder, not a file") from error
    except OSError as error:
        raise AudioFileError(f"{name}: cannot be read: {error.strerror}") from error


def _open_nothing_else(url: str, flags: int, options: object) -> BinaryIO:
    """A file that names others does not get them."""
    raise PermissionError("a recording may not open other files")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ReadTooMuchError) else "the file is damaged there"
