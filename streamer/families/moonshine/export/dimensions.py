"""The sizes of a checkpoint that graphs and caches are made from, and the stem's arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from transformers import MoonshineForConditionalGeneration

STEM = ((127, 64), (7, 3), (3, 2))
"""Taps and stride of the three convolutions, none of which is padded."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Counts of the decoder."""

    layers: int
    heads: int
    head_size: int
    positions: int
    """The longest prompt and output together."""
    vocabulary: int

    @property
    def width(self) -> int:
        """All heads side by side."""
        return self.heads * self.head_size

    @classmethod
    def of(cls, model: MoonshineForConditionalGeneration) -> Dimensions:
        """Read them from the model's configuration."""
        config = model.config
        heads = config.decoder_num_attention_heads
        return cls(
            layers=config.decoder_num_hidden_layers,
            heads=heads,
            head_size=config.hidden_size // heads,
            positions=config.max_position_embeddings,
            vocabulary=config.vocab_size,
        )


def after(lengths: Tensor, taps: int, stride: int) -> Tensor:
    """Count what an unpadded convolution makes of so many."""
    return (lengths - taps) // stride + 1
