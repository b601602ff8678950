"""The network in training: transformers' own modules, run by a leaner forward pass.

The weights are those of ``CohereAsrForConditionalGeneration``, so a checkpoint is one of that class
and publishes through the same export as the real model. The forward pass here computes the same
function (a test compares them) but projects relative positions once per batch instead of once per
row, and hands out the cross-attention that the guided loss needs. A CTC head on the encoder exists
only in training.
"""

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CohereAsrConfig, CohereAsrForConditionalGeneration
from transformers.models.cohere_asr.modeling_cohere_asr import (
    CohereAsrCrossAttention,
    CohereAsrDecoderLayer,
    CohereAsrSelfAttention,
)
from transformers.models.parakeet.modeling_parakeet import (
    ParakeetEncoder,
    ParakeetEncoderAttention,
    ParakeetEncoderBlock,
    ParakeetEncoderConvolutionModule,
)

from tests.models.training.sizes import Size
from tests.models.training.vocabulary import END, FIRST_PIECE


def configuration(size: Size, vocabulary_size: int) -> CohereAsrConfig:
    """The real model's configuration, smaller and with half its subsampling."""
    encoder = {
        "model_type": "parakeet_encoder",
        "hidden_size": size.hidden,
        "num_hidden_layers": size.encoder_layers,
        "num_attention_heads": size.heads,
        "intermediate_size": 4 * size.hidden,
        "subsampling_factor": 4,  # 40 ms a frame: 80 ms was seen not to converge with short pieces
        "subsampling_conv_channels": size.subsampling_channels,
    }
    return CohereAsrConfig(
        encoder_config=encoder,
        vocab_size=vocabulary_size,
        hidden_size=size.hidden,
        num_hidden_layers=size.decoder_layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=size.positions,
        tie_word_embeddings=False,
    )


class TrainedModel(nn.Module):
    """The model and its CTC head."""

    def __init__(self, size: Size, vocabulary_size: int) -> None:
        super().__init__()
        self.asr = CohereAsrForConditionalGeneration(configuration(size, vocabulary_size))
        self.ctc = nn.Linear(size.hidden, vocabulary_size - FIRST_PIECE + 1)
        self.dropout = 0.0
        _set_sinusoids(self.asr.model.decoder.pos_emb.weight)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = 0.02  # batches are small

    def encode(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, 128) and (B,) frames to (B, S, d) and the (B, S) mask of valid positions."""
        encoder = cast("ParakeetEncoder", self.asr.model.encoder)
        frames = _within(lengths, features.shape[1])
        hidden = encoder.subsampling(features, frames)
        out_lengths = lengths
        for _ in range(2):
            out_lengths = (out_lengths - 1) // 2 + 1
        valid = _within(out_lengths, hidden.shape[1])
        positions = encoder.encode_positions(hidden[:1])
        for layer in cast("Iterable[ParakeetEncoderBlock]", encoder.layers):
            hidden = self._encoder_layer(layer, hidden, valid, positions)
        return hidden, valid

    def _encoder_layer(
        self, layer: ParakeetEncoderBlock, x: Tensor, valid: Tensor, positions: Tensor
    ) -> Tensor:
        x = x + 0.5 * self._drop(layer.feed_forward1(layer.norm_feed_forward1(x)))
        x = x + self._drop(
            _relative_attention(layer.self_attn, layer.norm_self_att(x), valid, positions)
        )
        x = x + self._drop(_convolution(layer.conv, layer.norm_conv(x), valid))
        x = x + 0.5 * self._drop(layer.feed_forward2(layer.norm_feed_forward2(x)))
        return layer.norm_out(x)

    def decode(self, tokens: Tensor, encoded: Tensor, valid: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, L) ids to (B, L, V) logits and each layer's (B, H, L, S) cross-attention."""
        decoder = self.asr.model.decoder
        memory = decoder.proj(encoded)
        x = decoder.embed_tokens(tokens) + decoder.pos_emb.weight[: tokens.shape[1]]
        x = decoder.embedding_layernorm(x)
        length = tokens.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        seen = valid[:, None, None, :]
        attentions: list[Tensor] = []
        for layer in cast("Iterable[CohereAsrDecoderLayer]", decoder.layers):
            normal = layer.input_layernorm(x)
            x = x + self._drop(_attention(layer.self_attn, normal, normal, causal)[0])
            heard, weights = _attention(
                layer.encoder_attn, layer.post_attention_layernorm(x), memory, seen
            )
            attentions.append(weights)
            x = x + self._drop(heard)
            x = x + self._drop(layer.mlp(layer.final_layernorm(x)))
        return self.asr.proj_out(decoder.norm(x)), attentions

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training) if self.dropout else x


def _set_sinusoids(weight: Tensor) -> None:
    """The released model's slots hold sinusoids divided by the root of their number."""
    slots, width = weight.shape
    angle = torch.arange(slots)[:, None] * torch.exp(
        torch.arange(0, width, 2) * (-math.log(10000.0) / width)
    )
    with torch.no_grad():
        weight[:, 0::2] = angle.sin() / math.sqrt(width)
        weight[:, 1::2] = angle.cos() / math.sqrt(width)


def _within(lengths: Tensor, places: int) -> Tensor:
    return torch.arange(places, device=lengths.device)[None] < lengths[:, None]


def _split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _attention(
    module: CohereAsrSelfAttention | CohereAsrCrossAttention,
    x: Tensor,
    memory: Tensor,
    visible: Tensor,
) -> tuple[Tensor, Tensor]:
    heads = module.config.num_attention_heads
    q, k, v = (
        _split(module.q_proj(x), heads),
        _split(module.k_proj(memory), heads),
        _split(module.v_proj(memory), heads),
    )
    scores = (q @ k.transpose(2, 3)).float() * module.scaling
    weights = scores.masked_fill(~visible, -1e4).softmax(-1)
    out = (weights.to(v.dtype) @ v).transpose(1, 2).flatten(2)
    return module.o_proj(out), weights


def _relative_attention(
    module: ParakeetEncoderAttention, x: Tensor, valid: Tensor, positions: Tensor
) -> Tensor:
    heads, length = module.bias_u.shape[0], x.shape[1]
    q, k, v = (
        _split(module.q_proj(x), heads),
        _split(module.k_proj(x), heads),
        _split(module.v_proj(x), heads),
    )
    r = _split(module.relative_k_proj(positions), heads)
    content = (q + module.bias_u[:, None]) @ k.transpose(2, 3)
    relative = (q + module.bias_v[:, None]) @ r.transpose(2, 3)
    rows = functional.pad(relative, (1, 0)).view(x.shape[0], heads, 2 * length, length)
    relative = rows[:, :, 1:].reshape(x.shape[0], heads, length, 2 * length - 1)[..., :length]
    scores = (content + relative).float() * module.scaling
    weights = scores.masked_fill(~valid[:, None, None, :], -1e4).softmax(-1)
    return module.o_proj((weights.to(v.dtype) @ v).transpose(1, 2).flatten(2))


def _convolution(module: ParakeetEncoderConvolutionModule, x: Tensor, valid: Tensor) -> Tensor:
    first, second = module.pointwise_conv1, module.pointwise_conv2
    x = functional.glu(functional.linear(x, first.weight.squeeze(-1), first.bias), dim=-1)
    x = x.masked_fill(~valid[..., None], 0.0).transpose(1, 2)
    x = module.activation(module.norm(module.depthwise_conv(x)))
    return functional.linear(x.transpose(1, 2), second.weight.squeeze(-1), second.bias)


@torch.no_grad()
def greedy(
    model: TrainedModel, encoded: Tensor, valid: Tensor, prompt: list[int], limit: int
) -> list[list[int]]:
    """Greedy decoding of a batch, for validation; the server has its own, faster one."""
    rows = len(encoded)
    tokens = torch.tensor([prompt], device=encoded.device).repeat(rows, 1)
    ended = torch.zeros(rows, dtype=torch.bool, device=encoded.device)
    for _ in range(limit):
        logits, _ = model.decode(tokens, encoded, valid)
        best = logits[:, -1].argmax(-1).masked_fill(ended, END)
        tokens = torch.cat([tokens, best[:, None]], 1)
        ended |= best == END
        if bool(ended.all()):
            break
    return [_until_end(row) for row in tokens[:, len(prompt) :].tolist()]


def _until_end(row: list[int]) -> list[int]:
    return row[: row.index(END)] if END in row else row
