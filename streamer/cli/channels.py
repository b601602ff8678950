"""Files with a speaker on each channel."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamer.audio.isolation.file import IsolatedFile
from streamer.audio.problems import AudioFileError
from streamer.cli.text import shown
from streamer.pipeline.files import BLOCK_S

MAX_CHANNELS = 8
"""As many as a stream may have."""


def channel_names(text: str) -> tuple[str, ...]:
    """Read the names of the channels, first to last; raises ArgumentTypeError."""
    names = tuple(shown(name.strip()) for name in text.split(","))
    if not all(names) or len(set(names)) < len(names) or len(names) > MAX_CHANNELS:
        raise argparse.ArgumentTypeError(f"up to {MAX_CHANNELS} different names, with commas")
    return names


def channel_blocks(audio: IsolatedFile, names: tuple[str, ...]) -> Iterator[NDArray[np.float32]]:
    """Read a file's channels that are named, or all of them mixed; raises AudioFileError."""
    if names and audio.channels != len(names):
        raise AudioFileError(
            f"{audio.name}: --channels names {len(names)}, and the file has {audio.channels}"
        )
    return audio.blocks(BLOCK_S, mixed=not names)
