"""What decoders and encoders in the form for GPUs share, whatever their family.

encoder: features (b, …, T) f32, their lengths (b) i64, places (b) i64,
    cross_k_0, cross_v_0, … (R, heads, S, size)
    -> next_cross_k_0, … (R, heads, S, size), encoded_lengths (b) i64
decoder: tokens (R, n) i64, past_lengths (R) i64, cross_lengths (R) i64,
    self_k_0, … (R, heads, C, size), cross_k_0, … (R, heads, S, size)
    -> chosen (R, n) i64, log_probability (R, n) f32, next_self_k_0, … (R, heads, C, size),
    cross_attention (R, n, S) f32

R, C and S are whatever the caller's caches have, and stay so: memory never grows, and the shapes of
a decoder call depend on n alone. The encoder writes a clip's keys and values into its place of R;
the decoder writes new ones behind each row's past. Both are scattered, so that a caller may bind a
cache as input and as the output that takes its place: only what is new is then written. Column
C - 1 is spare: padding that would stand behind the caches' end goes there. Clips of one encoder
call that share a place must be equal. What lies behind a row's lengths is never looked at but must
be finite. Caches and products are FP16; softmax, log-probabilities and attention FP32.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from streamer.export.graph import Dimension
from streamer.export.layers import attention_weights, score_bias
from streamer.export.ragged import CacheSizes, pair_names


class PastInPlace:
    """Self-attention over the rows' caches, into which it writes the new keys and values."""

    def __init__(
        self, past: list[tuple[Tensor, Tensor]], past_lengths: Tensor, count: int, sizes: CacheSizes
    ) -> None:
        """Take each layer's keys and values (R, heads, C, size), and n, the new tokens a row."""
        self.updated: list[Tensor] = []
        """The caches layer by layer, as they are afterwards."""
        self.positions = past_lengths.unsqueeze(1) + torch.arange(count)
        """(R, n), also of padding on the right, whose results are not used."""
        self._past = past
        columns = torch.arange(past[0][0].shape[2])
        # (R, heads, n, size): where each new key and value goes. The last column is read where the
        # others are: a number from the host would keep CUDA from capturing the call.
        index = torch.minimum(self.positions, columns[-1]).reshape(-1, 1, count, 1)
        self._index = index.expand(-1, sizes.heads, -1, sizes.head_size)
        seen = columns.reshape(1, 1, -1) <= self.positions.unsqueeze(2)  # (R, n, C)
        self._bias = score_bias(seen.unsqueeze(1))

    def attend(self, layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Return what scaled queries find among old and new, all of them (R, heads, n, size)."""
        all_keys, all_values = (
            old.scatter(2, self._index, new)
            for new, old in zip((keys, values), self._past[layer], strict=True)
        )
        self.updated.extend((all_keys, all_values))
        return attention_weights(query @ all_keys.transpose(2, 3), self._bias) @ all_values


def placed(
    caches: Sequence[Tensor], places: Tensor, new: Sequence[Tensor], sizes: CacheSizes
) -> list[Tensor]:
    """Write clips' keys and values (b, heads, S', size) into their places (b,) of caches."""
    index = places.reshape(-1, 1, 1, 1)
    index = index.expand(-1, sizes.heads, new[0].shape[2], sizes.head_size)
    return [cache.scatter(0, index, one) for cache, one in zip(caches, new, strict=True)]


def encoder_caches(
    sizes: CacheSizes, dtype: torch.dtype
) -> tuple[dict[str, Tensor], dict[str, dict[int, str]]]:
    """Return places and cross caches to trace an encoder with, and which dimensions vary."""
    example = {"places": torch.tensor([2, 0])}
    dynamic = {"places": {0: "clips"}}
    for name in pair_names("cross", sizes.layers):
        example[name] = torch.randn(3, sizes.heads, 30, sizes.head_size, dtype=dtype)
        dynamic[name] = {0: "rows", 2: "encoded"}
    return example, dynamic


def encoder_outputs(sizes: CacheSizes) -> dict[str, tuple[Dimension, ...]]:
    """Name an encoder's outputs and their dimensions."""
    cache: tuple[Dimension, ...] = ("rows", sizes.heads, "encoded", sizes.head_size)
    names = pair_names("next_cross", sizes.layers)
    return {**dict.fromkeys(names, cache), "encoded_lengths": ("clips",)}


def decoder_outputs(sizes: CacheSizes) -> dict[str, tuple[Dimension, ...]]:
    """Name a decoder's outputs and their dimensions."""
    cache: tuple[Dimension, ...] = ("rows", sizes.heads, "columns", sizes.head_size)
    return {
        "chosen": ("rows", "tokens"),
        "log_probability": ("rows", "tokens"),
        **dict.fromkeys(pair_names("next_self", sizes.layers), cache),
        "cross_attention": ("rows", "tokens", "encoded"),
    }


def answers(logits: Tensor, updated: list[Tensor], attention: Tensor) -> tuple[Tensor, ...]:
    """Make a decoder's outputs of logits (R, n, vocabulary) and attention (R, n, S)."""
    logits = logits.to(torch.float32)
    largest, chosen = logits.max(dim=2)
    log_probability = -(logits - largest.unsqueeze(2)).exp().sum(dim=2).log()
    return chosen, log_probability, *updated, attention
