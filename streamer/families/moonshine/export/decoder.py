"""The decoder of a checkpoint, written for export: `streamer.export.ragged` tells the contract.

It computes what transformers' `MoonshineDecoder` does. Keys are cached as they were turned to their
positions, so that a step turns only its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from transformers import MoonshineForConditionalGeneration
from transformers.models.moonshine.modeling_moonshine import (
    MoonshineDecoderLayer,
    MoonshineDecoderMLP,
)

from streamer.export.layers import Dense, attention_weights, join_heads, score_bias
from streamer.export.ragged import Head, PastAndNew, answers, mean_attention, paired
from streamer.families.moonshine.export.dimensions import Dimensions
from streamer.families.moonshine.export.layers import Norm, SelfAttention
from streamer.families.moonshine.export.rotary import Rotary, Rotation


class RaggedDecoder(nn.Module):
    """Tokens to logits, over caches of rows of any age."""

    def __init__(self, model: MoonshineForConditionalGeneration, heads: Sequence[Head]) -> None:
        """Take in the heads that tell where a token is heard; none where that is not known."""
        super().__init__()
        self.heads = heads
        self.decoder = Decoder(model)
        self.proj_out = Dense.of(model.proj_out)
        self.dimensions = Dimensions.of(model)

    def forward(
        self, tokens: Tensor, past_lengths: Tensor, cross_lengths: Tensor, *caches: Tensor
    ) -> tuple[Tensor, ...]:
        """Take self keys and values layer by layer, then cross keys and values layer by layer."""
        past, cross = paired(caches, self.dimensions.layers)
        count = tokens.shape[1]
        own = PastAndNew(past, past_lengths, count)
        positions = past_lengths.unsqueeze(1) + torch.arange(count)
        seen = torch.arange(cross[0][0].shape[2]) < cross_lengths.reshape(-1, 1, 1, 1)
        x, attention = self.decoder(tokens, positions, own, cross, score_bias(seen))
        logits = self.proj_out(x).reshape(-1, count, self.dimensions.vocabulary)
        return answers(logits, own.new, mean_attention(attention, self.heads))


class Past(Protocol):
    """Self-attention over what rows said so far and what is new."""

    def attend(self, layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Return what scaled queries find, all of them (B, heads, n, size)."""
        ...


class Decoder(nn.Module):
    """Tokens to what the head reads."""

    def __init__(self, model: MoonshineForConditionalGeneration) -> None:
        super().__init__()
        original = model.model.decoder
        self.embed_tokens = original.embed_tokens
        layers = [cast("MoonshineDecoderLayer", layer) for layer in original.layers]
        self.layers = nn.ModuleList(DecoderLayer(layer) for layer in layers)
        self.norm = Norm(original.norm)
        self.rotary = Rotary(original.rotary_emb.inv_freq, layers[0].self_attn.head_dim)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        own: Past,
        cross: list[tuple[Tensor, Tensor]],
        cross_bias: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        """Take tokens (B, n) at positions (B, n); return (B · n, d).

        Beside them, each layer's cross-attention weights (B, heads, n, S). `cross` holds keys and
        values (B, heads, S, size) for each layer; `cross_bias` broadcasts to (B, heads, n, S).
        """
        rotation = self.rotary(positions.unsqueeze(1))
        x = self.embed_tokens(tokens).flatten(0, 1)
        count = tokens.shape[1]
        attention: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, weights = layer(x, count, rotation, i, own, cross[i], cross_bias)
            attention.append(weights)
        return self.norm(x), attention


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and a feed-forward, each behind its norm."""

    def __init__(self, original: MoonshineDecoderLayer) -> None:
        super().__init__()
        self.input_layernorm = Norm(original.input_layernorm)
        self.self_attn = SelfAttention(original.self_attn)
        self.post_attention_layernorm = Norm(original.post_attention_layernorm)
        self.encoder_attn = nn.ModuleDict(
            {
                "q_proj": Dense.of(original.encoder_attn.q_proj),
                "o_proj": Dense.of(original.encoder_attn.o_proj),
            }
        )
        self.final_layernorm = Norm(original.final_layernorm)
        self.mlp = GatedFeedForward(original.mlp)

    def forward(
        self,
        x: Tensor,
        count: int,
        rotation: Rotation,
        number: int,
        own: Past,
        cross: tuple[Tensor, Tensor],
        cross_bias: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Take and return (B · n, d), and return cross-attention weights (B, heads, n, S).

        `count` is n, `number` this layer's. The other arguments are the decoder's.
        """
        attn = self.self_attn
        found = own.attend(number, *attn.project(self.input_layernorm(x), count, rotation))
        x = x + attn.o_proj(join_heads(found, attn.width))
        query = self.encoder_attn["q_proj"](self.post_attention_layernorm(x))
        query = query.reshape(-1, count, attn.heads, attn.size).transpose(1, 2) * attn.scale
        weights = attention_weights(query @ cross[0].transpose(2, 3), cross_bias)
        x = x + self.encoder_attn["o_proj"](join_heads(weights @ cross[1], attn.width))
        return x + self.mlp(self.final_layernorm(x)), weights


class GatedFeedForward(nn.Module):
    """Two layers; the second half of what the first makes is the gate of the other."""

    def __init__(self, original: MoonshineDecoderMLP) -> None:
        super().__init__()
        self.fc1 = Dense.of(original.fc1)
        self.activation = original.activation_fn
        self.fc2 = Dense.of(original.fc2)

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (B · n, d)."""
        values, gate = self.fc1(x).chunk(2, dim=-1)
        return self.fc2(self.activation(gate) * values)
