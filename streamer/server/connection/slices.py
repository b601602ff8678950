"""How much of one client's audio is heard in one turn of the event loop."""

from __future__ import annotations

from streamer.audio.encodings import Encoding
from streamer.session.settings import StreamSettings

SLICE_S = 1.05
"""Audio, over all channels, after which others get their turn of the event loop: a quarter of a
millisecond of work, and one where it is resampled. 64 KiB of float32 at 16 kHz are not cut."""

COMPRESSED_BYTES = 1024
"""Of a container at a time: a third of a second of Opus as browsers send it, 1.5 ms of work. Where
two bytes are made to be 120 ms of audio, 30 ms."""

PACKET_BYTES = 61_440
"""More than the longest packet of Opus, which is not cut."""


def slice_bytes(settings: StreamSettings) -> int:
    """Return how many bytes are fed at a time."""
    if settings.encoding is Encoding.OPUS:
        return PACKET_BYTES
    if settings.encoding.is_compressed:
        return COMPRESSED_BYTES
    return int(SLICE_S * settings.encoding.sample_bytes * settings.sample_rate)
