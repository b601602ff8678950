"""How much of one client's audio is heard in one turn of the event loop."""

from __future__ import annotations

from streamer.audio.encodings import Encoding
from streamer.session.settings import StreamSettings

FILES_AT_ONCE = 2
"""Files of which a piece is heard in one turn of the event loop, however many are sent faster than
real time: as many as of those that are uploaded."""

AHEAD_S = 1.0
"""How far a live stream may be ahead of real time: more than its pieces are long. What is further
ahead is a file, or a line that catches up."""

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
