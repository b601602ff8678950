"""One input of the fuzzer: a recording, as a file and as a stream.

The first byte says in pieces of how many bytes the stream comes, doubled so often. Whatever comes,
what is told is an AudioFileError or a warning, samples are within full scale, and there are no more
of them than so many bytes can hold.
"""

from __future__ import annotations

import contextlib
import io

import numpy as np

from streamer.audio.files import AudioFile
from streamer.audio.problems import AudioFileError
from streamer.audio.streams import CompressedDecoder, ContainerSource

RATE = 16_000

MOST_S_PER_BYTE = 2.0
"""A frame of FLAC that does not change has 65536 samples of 1 kHz in some 40 bytes."""


def play(data: bytes) -> None:
    """Read it; raises whatever is wrong with us."""
    if not data:
        return
    _as_stream(data[1:], 1 << (data[0] & 15))
    _as_file(data[1:])


def _as_stream(data: bytes, piece: int) -> None:
    decoder = CompressedDecoder(ContainerSource(), 1 + piece % 2, RATE)
    heard = 0
    for at in range(0, len(data), piece):
        samples = decoder.feed(data[at : at + piece])
        assert np.all(np.abs(samples) <= 1)
        heard += samples.shape[1]
    samples, left_over = decoder.finish()
    assert np.all(np.abs(samples) <= 1)
    assert left_over == 0
    assert all(isinstance(one, str) for one in decoder.take_told())
    _judge(heard + samples.shape[1], data)


def _as_file(data: bytes) -> None:
    with contextlib.suppress(AudioFileError):
        file = AudioFile(io.BytesIO(data), RATE, "it")
        _judge(sum(len(block) for block in file.blocks(1.0)), data)
        assert all(warning.isascii() and warning.isprintable() for warning in file.warnings)


def _judge(samples: int, data: bytes) -> None:
    assert samples <= RATE * (10 + MOST_S_PER_BYTE * len(data))
