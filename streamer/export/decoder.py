"""The decoder of a checkpoint, written for export.

It computes what transformers' `CohereAsrDecoder` does, without the cache and mask utilities there:
the keys and values of earlier tokens are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration
from transformers.models.cohere_asr.modeling_cohere_asr import CohereAsrDecoderLayer

from streamer.export.layers import Dense, attention_weights, join_heads, split_heads

Extend = Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]
"""(layer, new keys, new values), two times (B, heads, n, size), to all the keys and values that the
layer attends to, two times (B, heads, m, size)."""


class Decoder(nn.Module):
    """Tokens to logits. How past and new keys are joined and seen is each contract's own."""

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

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        extend: Extend,
        seen: Tensor,
        cross: list[tuple[Tensor, Tensor]],
        cross_seen: Tensor | None,
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the logits (B, n, vocabulary) of tokens (B, n) at positions that broadcast to it.

        Beside them, each layer's cross-attention weights (B, heads, n, S). `cross` holds keys and
        values (B, heads, S, size) for each layer; `seen` and `cross_seen` broadcast to
        (B, heads, n, m) and (B, heads, n, S).
        """
        x = self.norm_embedding(self.embed_tokens(tokens) + self.embed_positions(positions))
        attention: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, weights = layer(x, partial(extend, i), seen, cross[i], cross_seen)
            attention.append(weights)
        return self.head(self.norm(x)), attention


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention and a feed-forward, each behind its norm."""

    def __init__(self, original: CohereAsrDecoderLayer) -> None:
        super().__init__()
        own, other = original.self_attn, original.encoder_attn
        if own.num_key_value_groups != 1:
            raise ValueError("grouped key and value heads in the decoder are not supported")
        self.heads = own.config.num_attention_heads
        self.size = own.head_dim
        self.width = self.heads * self.size
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
        extend: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
        seen: Tensor,
        cross: tuple[Tensor, Tensor],
        cross_seen: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Take and return (B, n, d), and return cross-attention weights (B, heads, n, S).

        The other arguments are the decoder's, for this layer.
        """
        parts = self.qkv(self.norm_self(x)).split(self.width, -1)
        query, keys, values = (split_heads(part, self.heads, self.size) for part in parts)
        keys, values = extend(keys, values)
        own = attention_weights(self._scores(query, keys), seen) @ values
        x = x + self.self_output(join_heads(own, self.width))
        query = split_heads(self.cross_query(self.norm_cross(x)), self.heads, self.size)
        weights = attention_weights(self._scores(query, cross[0]), cross_seen)
        x = x + self.cross_output(join_heads(weights @ cross[1], self.width))
        return x + self.fc2(self.activation(self.fc1(self.norm_mlp(x)))), weights

    def _scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Scaled dot products of (B, heads, n, size) with (B, heads, m, size)."""
        return query * self.size**-0.5 @ keys.transpose(2, 3)
