"""FFmpeg's libraries, by way of PyAV: which parts of them see a stranger's bytes, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from av import AudioFrame, CodecContext
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

FORMATS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,loas,matroska,mov,mp3,mp4,mpeg,mpegts,"
    "nistsphere,ogg,voc,w64,wav,webm"
)
"""Demuxers that are let loose on a file, by FFmpeg's names. All read the one file that they are
given: those that open others (playlists, `concat`, DASH) are none of these."""

CODECS = (
    "aac,aac_latm,ac3,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_yamaha,alac,amrnb,amrwb,eac3,flac,"
    "g722,gsm,gsm_ms,mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,pcm_alaw,pcm_bluray,pcm_dvd,pcm_f32be,"
    "pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,"
    "pcm_s32le,pcm_s8,pcm_u8,speex,vorbis,wmalossless,wmapro,wmav1,wmav2,wmavoice"
)
"""Decoders that are let loose on its packets. No picture of a video is ever decoded."""

_TYPES = {"u8": "u1", "s16": "<i2", "s32": "<i4", "s64": "<i8", "flt": "<f4", "dbl": "<f8"}
_SCALES = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0}


def decoder(codec: str, extradata: bytes = b"", **settings: object) -> AudioCodecContext:
    """Make a decoder of one of `CODECS`, for packets that have no file around them."""
    assert codec in CODECS.split(",")
    context = CodecContext.create(codec, "r")
    assert isinstance(context, AudioCodecContext)
    if extradata:
        context.extradata = extradata
    for name, value in settings.items():
        setattr(context, name, value)
    return context


MAX_CODED_CHANNELS = 8
"""Of codecs other than plain samples. FFmpeg's AAC decoder was seen to give 58 channels, for a
damaged header, in planes that were shorter than they said; to read them ended the process."""


class FrameError(ValueError):
    """A frame that cannot be what a sound recording holds."""


def samples_of(frame: AudioFrame, codec: str) -> NDArray[np.float32]:
    """Return a frame of a codec as (n, channels) samples, whole range [-1, 1].

    Raises FrameError for more channels than any recording has.
    """
    kind, channels = frame.format.name, frame.layout.nb_channels
    if channels > MAX_CODED_CHANNELS and not codec.startswith("pcm_"):
        raise FrameError(f"a frame of {codec} has {channels} channels")
    plain = np.dtype(_TYPES[kind.removesuffix("p")])
    planes = cast("Sequence[bytes]", frame.planes)  # buffers, which their types do not tell
    if frame.format.is_planar:
        count = frame.samples  # not all that a plane claims: it may be padded
        rows = [np.frombuffer(plane, plain, count) for plane in planes]
        planar = np.stack(rows, axis=1)
    else:
        count = frame.samples * channels
        planar = np.frombuffer(planes[0], plain, count).reshape(-1, channels)
    scale = _SCALES.get(kind.removesuffix("p"))
    if scale is None:
        return planar.astype(np.float32)
    centred = planar.astype(np.float32) - np.float32(128 if kind.startswith("u8") else 0)
    return centred / np.float32(scale)
