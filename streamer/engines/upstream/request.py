"""A clip as the form that a server is posted."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streamer.engines.upstream.profiles import Profile
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.pcm16 import SAMPLE_BYTES, to_pcm16

SHORTEST_S = 0.1
"""Of a clip that is posted; no word is shorter, and servers answer nothing at all with an error."""

_LEAST_TOKENS, _TOKENS_A_SECOND, _MOST_TOKENS = 16, 12, 256
"""What a text may have of tokens: three times what the fastest speakers say."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


def wav(samples: NDArray[np.float32]) -> bytes:
    """Write (n,) samples at `SAMPLE_RATE` as WAV of 16 bits."""
    data = to_pcm16(samples).astype("<i2").tobytes()
    rate, size = SAMPLE_RATE, SAMPLE_BYTES
    header = _HEADER.pack(
        *(b"RIFF", _HEADER.size - 8 + len(data), b"WAVE"),
        *(b"fmt ", 16, 1, 1, rate, rate * size, size, 8 * size),
        *(b"data", len(data)),
    )
    return header + data


def form(clip: Clip, profile: Profile, model: str) -> Mapping[str, str]:
    """Return the text fields: what every server understands, and what this kind does beyond it."""
    fields = {"model": model, "response_format": "json", **profile.fields}
    if (code := profile.code(clip.options.language)) is not None:
        fields["language"] = code
    if profile.takes_cap:
        wanted = _LEAST_TOKENS + round(_TOKENS_A_SECOND * clip.seconds)
        fields["max_completion_tokens"] = str(min(_MOST_TOKENS, wanted))
    return fields
