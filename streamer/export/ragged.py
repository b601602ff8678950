"""What decoders of our own contract share, whatever their family.

decoder: tokens (B, n) i64, past_lengths (B) i64, cross_lengths (B) i64,
    self_k_0, self_v_0, … (B, heads, C, size), cross_k_0, cross_v_0, … (B, heads, S, size)
    -> chosen (B, n) i64, log_probability (B, n) f32, new_k_0, new_v_0, … (B, heads, n, size),
    logits (B, n, vocabulary) f32, cross_attention (B, n, S) f32

Token j of row b stands at position past_lengths[b] + j. It sees the first past_lengths[b] columns
of the row's caches, the new tokens up to itself, and the first cross_lengths[b] encoder frames;
whatever else the tensors hold is never looked at. So rows of any age share a batch, rows with fewer
than n new tokens are padded on the right, and C is whatever the oldest row needs. Whoever calls
writes the new keys and values into its caches. `chosen` is the arg-max of the logits behind each
token, `log_probability` that choice's. `cross_attention` is the mean of the weights of all layers
and heads, or of those that are best at it: where the choice behind each token is heard. Word
timings are made from it, and a reader that wants none need not fetch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from streamer.export.graph import Dimension
from streamer.export.layers import score_bias

CONTRACT = "1"
"""The version of the contract, in the metadata of both graphs."""
Head = tuple[int, int]
"""A layer, and a head of it."""


class CacheSizes(Protocol):
    """The sizes of a decoder that its caches are made from."""

    @property
    def layers(self) -> int:
        """How many layers have a cache."""
        ...

    @property
    def heads(self) -> int:
        """Attention heads a layer."""
        ...

    @property
    def head_size(self) -> int:
        """Numbers in a key."""
        ...


class PastAndNew:
    """Self-attention over the rows' caches and the new tokens, whose keys and values it keeps."""

    def __init__(self, past: list[tuple[Tensor, Tensor]], past_lengths: Tensor, count: int) -> None:
        """Take each layer's keys and values (B, heads, C, size), and n, the new tokens a row."""
        self.new: list[Tensor] = []
        """Keys and values of the new tokens, layer by layer, (B, heads, n, size) each."""
        self._past = past
        self._columns = past[0][0].shape[2]
        steps = torch.arange(count)
        seen = torch.arange(self._columns) < past_lengths.reshape(-1, 1, 1, 1)
        self._before = score_bias(seen)
        self._now = score_bias(steps <= steps.unsqueeze(1))

    def attend(self, layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Join scores and not caches, of which a step would copy every column."""
        self.new.extend((keys, values))
        past_k, past_v = self._past[layer]
        before = query @ past_k.transpose(2, 3) + self._before
        now = query @ keys.transpose(2, 3) + self._now
        weights = torch.softmax(torch.cat([before, now], dim=3), dim=3)
        return weights[..., : self._columns] @ past_v + weights[..., self._columns :] @ values


def paired(caches: tuple[Tensor, ...], layers: int) -> tuple[list[tuple[Tensor, Tensor]], ...]:
    """Divide a decoder's caches into those of self-attention and those of cross-attention."""
    pairs = list(zip(caches[::2], caches[1::2], strict=True))
    return pairs[:layers], pairs[layers:]


def decoder_example(
    sizes: CacheSizes, rows: str, dtype: torch.dtype = torch.float32
) -> tuple[dict[str, Tensor], dict[str, dict[int, str]]]:
    """Return inputs to trace a decoder with, and which of their dimensions vary.

    `rows` names the first dimension of them all; `dtype` is the caches'.
    """
    example = {
        "tokens": torch.zeros(2, 3, dtype=torch.int64),
        "past_lengths": torch.tensor([4, 2]),
        "cross_lengths": torch.tensor([7, 5]),
    }
    dynamic = {
        "tokens": {0: rows, 1: "tokens"},
        "past_lengths": {0: rows},
        "cross_lengths": {0: rows},
    }
    for kind, columns, count in (("self", "columns", 9), ("cross", "encoded", 8)):
        for name in pair_names(kind, sizes.layers):
            example[name] = torch.randn(2, sizes.heads, count, sizes.head_size, dtype=dtype)
            dynamic[name] = {0: rows, 2: columns}
    return example, dynamic


def decoder_outputs(sizes: CacheSizes, vocabulary: int) -> dict[str, tuple[Dimension, ...]]:
    """Name a decoder's outputs and their dimensions."""
    new: tuple[Dimension, ...] = ("batch", sizes.heads, "tokens", sizes.head_size)
    return {
        "chosen": ("batch", "tokens"),
        "log_probability": ("batch", "tokens"),
        **dict.fromkeys(pair_names("new", sizes.layers), new),
        "logits": ("batch", "tokens", vocabulary),
        "cross_attention": ("batch", "tokens", "encoded"),
    }


def answers(logits: Tensor, new: list[Tensor], attention: Tensor) -> tuple[Tensor, ...]:
    """Make a decoder's outputs of logits (B, n, vocabulary) and the attention (B, n, S)."""
    chosen = logits.argmax(dim=2)
    log_probability = torch.log_softmax(logits, dim=2).amax(dim=2)
    return chosen, log_probability, *new, logits, attention


def mean_attention(layers: list[Tensor], heads: Sequence[Head] = ()) -> Tensor:
    """Make (B, n, S) of each layer's (B, heads, n, S): the mean of these heads, or of all."""
    chosen = [layers[layer][:, head : head + 1] for layer, head in heads] or layers
    return torch.cat(chosen, dim=1).to(torch.float32).mean(dim=1)


def pair_names(kind: str, layers: int) -> list[str]:
    """Name keys and values layer by layer: kind_k_0, kind_v_0, kind_k_1 and so on."""
    return [f"{kind}_{part}_{layer}" for layer in range(layers) for part in "kv"]
