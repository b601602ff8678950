"""Recordings in every container, made in this process from sounds of ours."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

LIVE = {
    "webm": ("webm", "libopus", 48_000, {"live": "1"}),
    "mkv": ("matroska", "flac", 16_000, {}),
    "mkv-pcm": ("matroska", "pcm_f32le", 16_000, {"live": "1"}),
    "ogg": ("ogg", "libopus", 48_000, {}),
    "oga": ("ogg", "flac", 16_000, {"page_duration": "200000"}),
    "mp4": ("mp4", "aac", 16_000, {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
    "mp4-opus": ("mp4", "libopus", 48_000, {"movflags": "frag_every_frame+empty_moov"}),
    "m4a": ("ipod", "aac", 44_100, {"movflags": "faststart"}),
    "aac": ("adts", "aac", 16_000, {}),
    "mp3": ("mp3", "libmp3lame", 16_000, {}),
    "flac": ("flac", "flac", 16_000, {}),
    "wav": ("wav", "pcm_s16le", 16_000, {}),
    "wav24": ("wav", "pcm_s24le", 44_100, {}),
    "wav-mulaw": ("wav", "pcm_mulaw", 8_000, {}),
    "amr": ("amr", "libopencore_amrnb", 8_000, {}),
}
"""What comes as a stream, too: name, muxer, codec, rate, options."""

FILES = {
    **LIVE,
    "moov-last": ("mp4", "aac", 16_000, {}),
    "3gp": ("3gp", "libopencore_amrnb", 8_000, {}),
    "alac": ("ipod", "alac", 16_000, {}),
    "wma": ("asf", "wmav2", 16_000, {}),
    "ts": ("mpegts", "aac", 16_000, {}),
    "avi": ("avi", "libmp3lame", 44_100, {}),
    "aiff": ("aiff", "pcm_s16be", 16_000, {}),
    "caf": ("caf", "pcm_s16be", 16_000, {}),
    "au": ("au", "pcm_s16be", 16_000, {}),
}

RATES_OF_BITS = {"libopencore_amrnb": 12_200, "wmav2": 32_000}


def recorded(kind: str, samples: NDArray[np.float32]) -> bytes:
    """Record (n,) or (n, channels) samples at 16 kHz in one of `FILES`."""
    muxer, codec, rate, options = FILES[kind]
    planar = np.atleast_2d(samples.T).astype(np.float32)
    layout = "mono" if len(planar) == 1 else "stereo"
    with (
        tempfile.NamedTemporaryFile() as file,
        av.open(file.name, "w", format=muxer, options=options) as container,
    ):
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = layout
        if codec in RATES_OF_BITS:
            stream.codec_context.bit_rate = RATES_OF_BITS[codec]
        stream.codec_context.open()
        kinds = stream.codec_context.codec.audio_formats or []
        resampler = av.AudioResampler(kinds[0].name, layout, rate, stream.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planar), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = 16_000, Fraction(1, 16_000), 0
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
        container.close()
        return Path(file.name).read_bytes()
