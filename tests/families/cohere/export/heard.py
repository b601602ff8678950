"""What a model hears, asked without a server."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.batchers import ContinuousBatcher
from streamer.decoding.ragged import RaggedModel
from streamer.decoding.request import Decoded, Request


def noise(n: int) -> NDArray[np.float32]:
    """Make (n,) samples of noise, for each n always the same."""
    return (0.1 * np.random.default_rng(n).standard_normal(n)).astype(np.float32)


def recognised(model: RaggedModel, eos: int, clips: list[Request]) -> dict[int, Decoded]:
    """What each clip is heard as when all join as soon as there is room."""
    batcher = ContinuousBatcher(model, eos)
    waiting = list(enumerate(clips))
    heard: dict[int, Decoded] = {}
    while len(heard) < len(clips):
        room = batcher.room
        batcher.join(waiting[:room])
        waiting = waiting[room:]
        heard |= batcher.step()
    return heard
