"""What encoder and decoder layers share. Parameters keep the checkpoint's names where they can."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers.models.moonshine.modeling_moonshine import MoonshineAttention

from streamer.export.layers import Dense
from streamer.families.moonshine.export.rotary import Rotation


class Norm(nn.Module):
    """A layer norm without a bias. One of zeros makes it a single node of the graph."""

    bias: Tensor

    def __init__(self, original: nn.LayerNorm) -> None:
        super().__init__()
        self.weight = original.weight
        self.register_buffer("bias", torch.zeros_like(original.weight))
        self.shape = original.normalized_shape
        self.eps = original.eps

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (…, d)."""
        return nn.functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)


class SelfAttention(nn.Module):
    """Projections of self-attention; queries and keys leave it turned, queries scaled."""

    scale: Tensor

    def __init__(self, original: MoonshineAttention) -> None:
        super().__init__()
        if original.num_key_value_groups != 1:
            raise ValueError("grouped key and value heads are not supported")
        self.size = original.head_dim
        self.width = original.q_proj.out_features
        self.heads = self.width // self.size
        # A vector, as in the other family: a number would move into the product behind it.
        self.register_buffer("scale", torch.full((self.size,), original.scaling))
        self.qkv_proj = Dense.of(original.q_proj, original.k_proj, original.v_proj)
        self.o_proj = Dense.of(original.o_proj)

    def project(self, x: Tensor, count: int, rotation: Rotation) -> tuple[Tensor, Tensor, Tensor]:
        """Make (B · n, d), n being `count`, into queries, keys, values (B, heads, n, size)."""
        qkv = self.qkv_proj(x).reshape(-1, count, 3 * self.heads, self.size).transpose(1, 2)
        both, values = qkv.split([2 * self.heads, self.heads], 1)
        query, keys = rotation.apply(both).split(self.heads, 1)
        return query * self.scale, keys, values
