"""Compressed audio as it comes: bytes of a container, or packets, to samples at one rate.

The demuxers are our own and sans-I/O: FFmpeg's read a file until it gives, and would need a thread
for each stream. Its decoders take packet after packet, and wait for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from av import Packet
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError
from numpy.typing import NDArray

from streamer.audio.containers.flac import FlacDemuxer
from streamer.audio.containers.frames import AmrDemuxer, adts, mp3
from streamer.audio.containers.mp4 import Mp4Demuxer
from streamer.audio.containers.ogg import OggDemuxer
from streamer.audio.containers.packets import BrokenStreamError, Demuxer, Track, opus_head
from streamer.audio.containers.wav import WavDemuxer
from streamer.audio.containers.webm import WebmDemuxer
from streamer.audio.decoder import AudioDecoder
from streamer.audio.encodings import Encoding
from streamer.audio.libav import FrameError, decoder, samples_of
from streamer.audio.mixing import Mixer
from streamer.audio.resampling import BlockResampler
from streamer.audio.signatures import HEAD_BYTES, Container, container_of, other_kind_of

RATES = range(4_000, 192_001)
"""Hz; a stream that claims another rate is broken."""

MAX_CHANNELS = 8

MAX_FAULTS = 50
"""Packets in a row that cannot be decoded, after which a stream is given up."""

DEMUXERS: dict[Container, Callable[[], Demuxer]] = {
    Container.WEBM: WebmDemuxer,
    Container.OGG: OggDemuxer,
    Container.MP4: Mp4Demuxer,
    Container.ADTS: adts,
    Container.MP3: mp3,
    Container.FLAC: FlacDemuxer,
    Container.WAV: WavDemuxer,
    Container.AMR_NB: lambda: AmrDemuxer(wide=False),
    Container.AMR_WB: lambda: AmrDemuxer(wide=True),
}

LEAST_TO_JUDGE = 16
"""Bytes that must have come before they are called text."""

ACCEPTED = "WebM, Ogg, MP4 in fragments or with its index first, ADTS, MP3, FLAC, WAV and AMR"


class ContainerSource(Demuxer):
    """A stream of any container, told by its first bytes."""

    def __init__(self) -> None:
        self._head = b""
        self._demuxer: Demuxer | None = None

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take the next bytes; raises BrokenStreamError."""
        if self._demuxer is not None:
            return self._demuxer.feed(data)
        self._head += data
        container = container_of(self._head)
        if container is None and len(self._head) < HEAD_BYTES and not self._is_something_else:
            return []  # it may yet become one
        if container is None or container not in DEMUXERS:
            kind = container or other_kind_of(self._head) or "no container that is known"
            raise BrokenStreamError(f"the stream is {kind}; accepted: {ACCEPTED}")
        self._demuxer, head = DEMUXERS[container](), self._head
        self._head = b""
        return self._demuxer.feed(head)

    def finish(self) -> list[Track | bytes]:
        """Return the last packets."""
        return [] if self._demuxer is None else self._demuxer.finish()

    @property
    def _is_something_else(self) -> bool:
        return len(self._head) >= LEAST_TO_JUDGE and other_kind_of(self._head) is not None


class PacketsOfOpus(Demuxer):
    """A packet of Opus in each piece of bytes, or a container of Opus after all."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._begun = False
        self._container: ContainerSource | None = None

    def feed(self, data: bytes) -> list[Track | bytes]:
        """Take a packet; raises BrokenStreamError."""
        if self._container is not None:
            return self._container.feed(data)
        if self._begun:
            return [data]
        self._begun = True
        if container_of(data) is not None:
            self._container = ContainerSource()
            return self._container.feed(data)
        channels = min(2, self._channels)
        return [Track("opus", opus_head(channels), 48_000, channels), data]


class CompressedDecoder:
    """Bytes of a compressed stream in, (channels, n) float32 samples at the target rate out.

    For one channel those of the stream are mixed. The output depends on the bytes alone, but for
    `PacketsOfOpus`. `told` is what there is to say: of bytes that are no such stream, once, and
    nothing comes of them any more.
    """

    def __init__(self, source: Demuxer, channels: int, target_rate: int) -> None:
        self._source = source
        self._channels = channels
        self._target_rate = target_rate
        self._codec: AudioCodecContext | None = None
        self._skip = 0
        self._out: _Output | None = None
        self._bytes = 0
        self._begun = False
        self._differs = False
        self._over = False
        self._failed = 0
        self._told: list[str] = []
        self.invalid_samples = 0

    def feed(self, data: bytes) -> NDArray[np.float32]:
        """Decode what `data` completes."""
        pieces = [np.zeros((self._channels, 0), np.float32)]
        self._bytes += len(data)
        if self._over:
            return pieces[0]
        try:
            for item in self._source.feed(data):
                if isinstance(item, Track):
                    pieces.append(self._flush())
                    self._begin(item)
                else:
                    pieces += self._decoded(item)
        except BrokenStreamError as error:
            self._over = True
            self._told.append(str(error))
        return np.concatenate(pieces, axis=1)

    def finish(self) -> tuple[NDArray[np.float32], int]:
        """Return what samples are still inside; no bytes are left over in a container."""
        if self._bytes and not self._begun and not self._over:
            self._told.append(f"no sound was found in what came; accepted: {ACCEPTED}")
        pieces = [np.zeros((self._channels, 0), np.float32)]
        try:
            for item in self._source.finish():
                pieces += self._decoded(item) if isinstance(item, bytes) else []
            pieces.append(self._flush())
        except BrokenStreamError as error:
            self._told.append(str(error))
        return np.concatenate(pieces, axis=1), 0

    @property
    def mix_is_nearly_silent(self) -> bool:
        """Whether the loudest channel had to stand for all."""
        return self._out is not None and self._out.mix_is_nearly_silent

    def take_told(self) -> list[str]:
        """Return what there is to say, once."""
        told, self._told = self._told, []
        return told

    def _begin(self, track: Track) -> None:
        self._begun = True
        if track.rate and (track.rate not in RATES or not 0 < track.channels <= MAX_CHANNELS):
            raise BrokenStreamError(f"it claims {track.rate} Hz and {track.channels} channels")
        settings: dict[str, object] = {}
        if track.rate and track.codec.startswith(("pcm_", "amr")):
            settings = {"sample_rate": track.rate, "layout": _layout(track.channels)}
        self._codec = decoder(track.codec, track.extradata, **settings)
        self._codec.thread_count = 1
        self._skip = track.skip

    def _decoded(self, packet: bytes | None) -> list[NDArray[np.float32]]:
        """Decode a packet, or with None what the decoder has kept back."""
        if self._codec is None:
            return []
        pieces: list[NDArray[np.float32]] = []
        try:
            frames = self._codec.decode(None if packet is None else Packet(packet))
        except FFmpegError as error:
            self._failed += packet is not None
            if self._failed == MAX_FAULTS:
                raise BrokenStreamError("its sound cannot be decoded: it is damaged") from error
            return []
        self._failed = 0
        for frame in frames:
            try:
                samples = samples_of(frame, self._codec.name)[self._skip :]
            except FrameError as error:
                raise BrokenStreamError(str(error)) from error
            self._skip = max(0, self._skip - frame.samples)
            pieces += self._resampled(samples, frame.sample_rate)
        return pieces

    def _resampled(self, samples: NDArray[np.float32], rate: int) -> list[NDArray[np.float32]]:
        pieces: list[NDArray[np.float32]] = []
        form = rate, samples.shape[1]
        if self._out is None or self._out.form != form:
            if self._out is not None:
                pieces.append(self._out.finish())
            if rate not in RATES or not 0 < form[1] <= MAX_CHANNELS:
                raise BrokenStreamError(f"it claims {rate} Hz and {form[1]} channels")
            self._out = _Output(form, self._channels, self._target_rate)
            if self._channels not in (1, form[1]) and not self._differs:
                self._differs = True
                self._told.append(
                    f"the stream has {form[1]} channels, not {self._channels} as was set: what is "
                    "missing is silent, what is more is left out"
                )
        pieces.append(self._out.feed(samples))
        return pieces

    def _flush(self) -> NDArray[np.float32]:
        pieces = [np.zeros((self._channels, 0), np.float32)]
        if self._codec is not None:
            pieces += self._decoded(None)
        if self._out is not None:
            pieces.append(self._out.finish())
        self._codec = self._out = None
        return np.concatenate(pieces, axis=1)


class _Output:
    """Samples of one rate and number of channels, arranged as the session has them."""

    def __init__(self, form: tuple[int, int], channels: int, target_rate: int) -> None:
        self.form = form
        rate, self._have = form
        self._channels = channels
        self._mixer = Mixer(rate, self._have) if channels == 1 and self._have > 1 else None
        same = rate == target_rate
        self._resampler = None if same else BlockResampler(rate, target_rate, channels)

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take (n, channels of the stream); returns (channels of the session, n)."""
        if self._mixer is not None:
            return self._through(self._mixer.feed(samples)[np.newaxis])
        planar = np.zeros((self._channels, len(samples)), np.float32)
        both = min(self._channels, self._have)
        planar[:both] = samples.T[:both]
        return self._through(planar)

    def finish(self) -> NDArray[np.float32]:
        rest = np.zeros((self._channels, 0), np.float32)
        if self._mixer is not None:
            rest = self._through(self._mixer.finish()[np.newaxis])
        if self._resampler is not None:
            rest = np.concatenate([rest, self._resampler.finish()], axis=1)
        return rest

    @property
    def mix_is_nearly_silent(self) -> bool:
        return self._mixer is not None and self._mixer.cancelled

    def _through(self, planar: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(invalid="ignore"):
            planar = np.clip(np.nan_to_num(planar, nan=0.0, posinf=0.0, neginf=0.0), -1.0, 1.0)
        return planar if self._resampler is None else self._resampler.feed(planar)


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")


def stream_decoder(
    encoding: Encoding, rate: int, channels: int, target_rate: int
) -> AudioDecoder | CompressedDecoder:
    """Make the decoder of a stream; `rate` is that of samples, for the others say it themselves."""
    match encoding:
        case Encoding.CONTAINER:
            source: Demuxer = ContainerSource()
        case Encoding.OPUS:
            source = PacketsOfOpus(channels)
        case Encoding.AMR_NB | Encoding.AMR_WB:
            source = AmrDemuxer(wide=encoding is Encoding.AMR_WB)
        case _:
            return AudioDecoder(encoding, rate, channels, target_rate)
    return CompressedDecoder(source, channels, target_rate)
