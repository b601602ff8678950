"""The sound of a container: which of its tracks, and that one's samples."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av import AudioFrame, Packet
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as EndOfFileError
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from streamer.audio.libav import CODECS, samples_of

PROTECTED_TAGS = frozenset({"drms", "enca", "aavd"})
"""Of sample descriptions in MP4: FairPlay, common encryption, Audible."""

MAX_FAULTS = 1000
"""Packets in a row that cannot be decoded before the rest is given up."""

MISSING_S = 1.0
MISSING_SHARE = 0.02
"""A file may end so much before the end that it claims: encoders' padding, rounded headers."""

_MEASURED = frozenset({"wav", "flac", "mov", "matroska", "asf", "aiff", "caf", "w64", "au"})
"""Containers that write down how long they are. Of the others FFmpeg makes it up from bit rates."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """(n, channels) samples at `rate` Hz."""

    samples: NDArray[np.float32]
    rate: int


class Track:
    """One track of an open container. `faults` counts packets that could not be decoded."""

    def __init__(
        self, container: InputContainer, stream: AudioStream, counted_s: float | None
    ) -> None:
        """`counted_s` is how long the track is by a count of its frames, if there is one."""
        self._container = container
        self._stream = stream
        self._codec = stream.codec_context.name
        self.faults = 0
        self.protected = stream.codec_context.codec_tag in PROTECTED_TAGS
        self.rate: int = stream.codec_context.sample_rate
        self.channels: int = stream.codec_context.channels
        self.seconds = _seconds(container, stream) if counted_s is None else counted_s
        known = not _MEASURED.isdisjoint(container.format.name.split(","))
        self._measured = known or counted_s is not None

    def pieces(self, seconds: float, most: int) -> Generator[Piece]:
        """Yield pieces of about so many seconds, and about `most` samples over all channels.

        Raises what FFmpeg raises where the container breaks off.
        """
        waiting: list[NDArray[np.float32]] = []
        form, held = (0, 0), 0
        for frame in self._frames():
            samples, now = (
                samples_of(frame, self._codec),
                (frame.sample_rate, frame.layout.nb_channels),
            )
            if waiting and now != form:
                yield Piece(np.concatenate(waiting), form[0])
                waiting, held = [], 0
            form = now
            wanted = max(1, min(round(seconds * form[0]), most // form[1]))
            while held + len(samples) >= wanted:
                cut = wanted - held
                yield Piece(np.concatenate([*waiting, samples[:cut]]), form[0])
                waiting, samples, held = [], samples[cut:], 0
            if len(samples):
                waiting.append(samples)
                held += len(samples)
        if waiting:
            yield Piece(np.concatenate(waiting), form[0])

    def is_short_of(self, read_s: float) -> bool:
        """Whether so many seconds are less than what the file claims to hold."""
        missing = self.seconds - read_s
        return self._measured and missing > max(MISSING_S, MISSING_SHARE * self.seconds)

    @property
    def is_damaged(self) -> bool:
        """Whether more is missing than a last packet, which some writers pad with nonsense."""
        return self.faults > self._measured

    def nothing_heard(self) -> str:
        """Say why nothing came."""
        if self.protected:
            return "it is protected against copying (DRM): its sound cannot be decoded"
        return f"none of its sound ({self._stream.codec_context.name}) could be decoded: damaged"

    def _frames(self) -> Generator[AudioFrame]:
        failed = 0
        for packet in self._container.demux(self._stream):
            self.protected |= packet.has_sidedata("encryption_info")
            if self.protected:
                return
            try:
                yield from _decoded(self._stream, packet)
                failed = 0
            except EndOfFileError:
                return
            except FFmpegError:
                self.faults += 1
                failed += 1
                if failed > MAX_FAULTS:
                    raise


def chosen_track(container: InputContainer, counted_s: float | None) -> tuple[Track, list[str]]:
    """Choose the default track, else the first; returns it and what there is to say of that.

    Raises ValueError, in words, where there is none, or none that can be decoded.
    """
    tracks = list(container.streams.audio)
    if not tracks:
        kinds = sorted({stream.type for stream in container.streams})
        what = "a video without a sound track" if "video" in kinds else "there is no sound in it"
        raise ValueError(f"no audio: {what}")
    usual = [one for one in tracks if one.disposition & Disposition.default]
    stream = next(iter(usual), tracks[0])
    context = cast("AudioCodecContext | None", stream.codec_context)
    if context is None or context.codec.name not in CODECS.split(","):
        kind = "of a kind unknown here" if context is None else context.codec.name
        raise ValueError(f"not readable as audio: its sound is {kind}, which is not decoded")
    context.thread_count = 1
    told: list[str] = []
    if len(tracks) > 1:
        number = tracks.index(stream) + 1
        name = stream.language or ""  # whatever the file says
        language = f" ({name})" if name.isascii() and name.isalpha() and len(name) < 9 else ""
        which = "the default one" if usual else "the first"
        told.append(f"of its {len(tracks)} sound tracks number {number}{language}, {which}")
    return Track(container, stream, counted_s), told


def _decoded(stream: AudioStream, packet: Packet[AudioStream]) -> list[AudioFrame]:
    return stream.codec_context.decode(packet if packet.size else None)


def _seconds(container: InputContainer, stream: AudioStream) -> float:
    """What the file claims; 0 where it does not say, or what cannot be."""
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    return max(0.0, (container.duration or 0) / av.time_base)
