"""The decoder of a checkpoint, written for export.

It computes what transformers' `CohereAsrDecoder` does, without the cache and mask utilities there:
the keys and values of earlier tokens are arguments. Between attentions the tokens of all rows lie
one below the other, (B · n, d): ONNX Runtime makes one node of a product of two matrices and what
is added to it, but not of one with three dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration
from transformers.models.cohere_asr.modeling_cohere_asr import CohereAsrDecoderLayer

from streamer.export.layers import Dense, attention_weights, join_heads, score_bias

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""(layer, queries, new keys, new values), three times (B, heads, n, size), to what the queries find
among old and new, (B, heads, n, size). The queries are scaled."""


class Decoder(nn.Module):
    """Tokens to logits. How past and new keys are kept and seen is each contract's own."""

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        decoder = model.model.decoder
        self.embed_tokens = decoder.embed_tokens
        self.embed_positions = decoder.pos_emb
        self.norm_embedding = decoder.embedding_layernorm
        layers = [cast("CohereAsrDecoderLayer", layer) for layer in decoder.layers]
        self.layers = nn.ModuleList(DecoderLayer(layer) for layer in layers)
        self.norm = decoder.norm
        self.head = Dense.of(model.proj_out)
        self.vocabulary = model.proj_out.out_features

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        attend: Attend,
        cross: list[tuple[Tensor, Tensor]],
        cross_seen: Tensor | None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the logits (B, n, vocabulary) of tokens (B, n) at positions that broadcast to it.

        Beside them, each layer's cross-attention weights (B, heads, n, S). `cross` holds keys and
        values (B, heads, S, size) for each layer; `cross_seen` broadcasts to (B, heads, n, S).
        """
        x = self.norm_embedding(self.embed_tokens(tokens) + self.embed_positions(positions))
        x = x.flatten(0, 1)
        count = tokens.shape[1]
        cross_bias = None if cross_seen is None else score_bias(cross_seen)
        attention: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, weights = layer(x, count, partial(attend, i), cross[i], cross_bias)
            attention.append(weights)
        logits = self.head(self.norm(x)).reshape(-1, count, self.vocabulary)
        return logits, attention


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and a feed-forward, each behind its norm."""

    scale: Tensor

    def __init__(self, original: CohereAsrDecoderLayer) -> None:
        super().__init__()
        own, other = original.self_attn, original.encoder_attn
        if own.num_key_value_groups != 1:
            raise ValueError("grouped key and value heads in the decoder are not supported")
        self.heads = own.config.num_attention_heads
        self.size = own.head_dim
        self.width = self.heads * self.size
        # A vector: ONNX Runtime would move a number into the product behind it, whose fast kernel
        # for one query knows no factor (16 rows, 128 frames: 62 µs, and 206 µs with one).
        self.register_buffer("scale", torch.full((self.size,), self.size**-0.5))
        self.norm_self = original.input_layernorm
        self.qkv = Dense.of(own.q_proj, own.k_proj, own.v_proj)
        self.self_output = Dense.of(own.o_proj)
        self.norm_cross = original.post_attention_layernorm
        self.cross_query = Dense.of(other.q_proj)
        self.cross_output = Dense.of(other.o_proj)
        self.norm_mlp = original.final_layernorm
        self.fc1 = Dense.of(original.mlp.fc1)
        self.activation = original.mlp.activation_fn
        self.fc2 = Dense.of(original.mlp.fc2)

    def forward(
        self,
        x: Tensor,
        count: int,
        attend: Callable[[Tensor, Tensor, Tensor], Tensor],
        cross: tuple[Tensor, Tensor],
        cross_bias: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Take and return (B · n, d), and return cross-attention weights (B, heads, n, S).

        `count` is n. The other arguments are the decoder's, for this layer.
        """
        qkv = self._heads(self.qkv(self.norm_self(x)), count, 3 * self.heads)
        query, keys, values = qkv.split(self.heads, 1)
        own = attend(query * self.scale, keys, values)
        x = x + self.self_output(join_heads(own, self.width))
        query = self._heads(self.cross_query(self.norm_cross(x)), count, self.heads) * self.scale
        weights = attention_weights(query @ cross[0].transpose(2, 3), cross_bias)
        x = x + self.cross_output(join_heads(weights @ cross[1], self.width))
        return x + self.fc2(self.activation(self.fc1(self.norm_mlp(x)))), weights

    def _heads(self, x: Tensor, count: int, heads: int) -> Tensor:
        """(B · n, heads · size) to (B, heads, n, size)."""
        return x.reshape(-1, count, heads, self.size).transpose(1, 2)
