"""What a model hears, asked without a server."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.batcher import Batcher
from streamer.decoding.ragged import RaggedDecoder, RaggedEncoder
from streamer.decoding.ragged_batcher import RaggedBatcher
from streamer.decoding.request import Decoded, Request
from streamer.families.cohere.mel_features import MelFeatures
from streamer.onnx.sessions import Graph


def noise(n: int) -> NDArray[np.float32]:
    """Make (n,) samples of noise, for each n always the same."""
    return (0.1 * np.random.default_rng(n).standard_normal(n)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Both graphs of the contract of rows that know their lengths."""

    encoder: RaggedEncoder
    decoder: RaggedDecoder

    @classmethod
    def of(cls, encoder: Graph, decoder: Graph) -> Ragged:
        rows = RaggedDecoder.of(decoder)
        return cls(RaggedEncoder(encoder, MelFeatures(), rows.layers), rows)


def recognised(model: Ragged, eos: int, clips: list[Request]) -> dict[int, Decoded]:
    """What each clip is heard as when all join as soon as there is room."""
    return recognised_by(RaggedBatcher(model.encoder, model.decoder, eos), list(enumerate(clips)))


def recognised_by(batcher: Batcher, waiting: list[tuple[int, Request]]) -> dict[int, Decoded]:
    """What each clip is heard as by a batcher."""
    heard: dict[int, Decoded] = {}
    wanted = len(waiting)
    while len(heard) < wanted:
        for key, request in waiting[: batcher.free_slots]:
            waiting = waiting[1:]
            batcher.join(key, request)
        for key, decoded in batcher.step():
            assert isinstance(decoded, Decoded)
            heard[key] = decoded
    return heard
