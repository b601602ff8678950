"""Export to the two-graph contract of the published ONNX exports (sherpa-onnx's).

encoder: mel (B, bins, T) f32 -> n_layer_cross_k, n_layer_cross_v (layers, B, T_enc, width) f32
decoder: tokens (B, n) i64, in_n_layer_self_k_cache and ..._v_cache (layers, B, heads, C, size) f32,
    n_layer_cross_k, n_layer_cross_v, offset () i64
    -> logits (B, n, vocabulary), out_n_layer_self_k_cache, out_n_layer_self_v_cache

sherpa-onnx binds inputs and outputs by position and reads some dimensions from the graphs, so
order and static dimensions are part of the contract. C is the model's number of positions.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration

from streamer.export.graph import trace
from streamer.export.layers import attention_weights, score_bias, split_heads
from streamer.export.writing import FolderWriter, Stem
from streamer.families.cohere.export.decoder import Decoder
from streamer.families.cohere.export.dimensions import Dimensions
from streamer.families.cohere.export.encoder import Encoder
from streamer.speech.clip import MAX_CLIP_S

ENCODER_INPUTS = ("mel",)
DECODER_INPUTS = (
    "tokens",
    "in_n_layer_self_k_cache",
    "in_n_layer_self_v_cache",
    "n_layer_cross_k",
    "n_layer_cross_v",
    "offset",
)


def export_published(
    model: CohereAsrForConditionalGeneration,
    tokens: Path,
    out: Path,
    *,
    half_storage: bool,
    name: str,
    demonstration: bool = False,
    int8: Collection[Stem] = (),
    max_seconds: float = MAX_CLIP_S,
) -> None:
    """Write encoder.onnx, decoder.onnx and tokens.txt into the folder `out`.

    `half_storage` keeps weights as FP16 where that loses nothing: all of them when the model was
    rounded first (`round_to_half`). The graphs that `int8` names compute in integers, row by row,
    and are written to *.int8.onnx. Any subsampling factor and any dimensions will do; key and value
    heads must not be grouped. Up to `max_seconds` of a clip the model is good.
    """
    model = model.float().eval()
    writer = FolderWriter(out, name, demonstration, half_storage, int8, max_seconds)
    _export_encoder(model, writer)
    _export_decoder(model, writer)
    writer.tokens(tokens)


@torch.no_grad()
def round_to_half(model: nn.Module) -> None:
    """Round every parameter to the nearest FP16 number, in place and staying FP32."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())


class PublishedEncoder(nn.Module):
    """The encoder with the contract's stacked outputs."""

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        self.encoder = Encoder(model)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Every frame of `mel` counts: rows of one batch must have the same length."""
        keys, values, _ = self.encoder(mel)
        return torch.stack(keys), torch.stack(values)


class PublishedDecoder(nn.Module):
    """The decoder with the contract's stacked caches, one offset for all rows."""

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        self.decoder = Decoder(model)
        self.dimensions = Dimensions.of(model)

    def forward(
        self,
        tokens: Tensor,
        k_cache: Tensor,
        v_cache: Tensor,
        cross_k: Tensor,
        cross_v: Tensor,
        offset: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Attend to the `offset` columns in use and the new ones, never to all of the cache."""
        past_k, past_v = k_cache[:, :, :, :offset], v_cache[:, :, :, :offset]
        new: list[tuple[Tensor, Tensor]] = []

        def attend(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            new.append((keys, values))
            all_keys = torch.cat([past_k[layer], keys], 2)
            all_values = torch.cat([past_v[layer], values], 2)
            return attention_weights(query @ all_keys.transpose(2, 3), bias) @ all_values

        heads, size = self.dimensions.heads, self.dimensions.head_size
        cross = [
            (split_heads(cross_k[i], heads, size), split_heads(cross_v[i], heads, size))
            for i in range(self.dimensions.layers)
        ]
        end = offset + tokens.shape[1]
        columns = torch.arange(self.dimensions.positions)[:end]
        positions = columns[offset:]
        bias = score_bias(columns.unsqueeze(0) <= positions.unsqueeze(1))
        logits, _ = self.decoder(tokens, positions, attend, cross, None)
        new_k, new_v = (torch.stack(part) for part in zip(*new, strict=True))
        k_cache = torch.cat([past_k, new_k, k_cache[:, :, :, end:]], dim=3)
        v_cache = torch.cat([past_v, new_v, v_cache[:, :, :, end:]], dim=3)
        return logits, k_cache, v_cache


def _export_encoder(model: CohereAsrForConditionalGeneration, writer: FolderWriter) -> None:
    dimensions = Dimensions.of(model)
    module = PublishedEncoder(model)
    cross = (dimensions.layers, "batch", "encoded", dimensions.width)
    graph = trace(
        module,
        {"mel": torch.randn(2, dimensions.mel_bins, 37)},
        {"n_layer_cross_k": cross, "n_layer_cross_v": cross},
        {"mel": {0: "batch", 2: "frames"}},
    )
    writer.graph("encoder", graph, module, ENCODER_INPUTS, {})


def _export_decoder(model: CohereAsrForConditionalGeneration, writer: FolderWriter) -> None:
    d = Dimensions.of(model)
    module = PublishedDecoder(model)
    cache = torch.zeros(d.layers, 2, d.heads, d.positions, d.head_size)
    cross = torch.randn(d.layers, 2, 7, d.width)
    values = (torch.zeros(2, 3, dtype=torch.int64), cache, cache, cross, cross, torch.tensor(4))
    cache_shape = (d.layers, "batch", d.heads, d.positions, d.head_size)
    graph = trace(
        module,
        dict(zip(DECODER_INPUTS, values, strict=True)),
        {
            "logits": ("batch", "tokens", d.vocabulary),
            "out_n_layer_self_k_cache": cache_shape,
            "out_n_layer_self_v_cache": cache_shape,
        },
        {
            "tokens": {0: "batch", 1: "tokens"},
            "in_n_layer_self_k_cache": {1: "batch"},
            "in_n_layer_self_v_cache": {1: "batch"},
            "n_layer_cross_k": {1: "batch", 2: "encoded"},
            "n_layer_cross_v": {1: "batch", 2: "encoded"},
        },
    )
    writer.graph("decoder", graph, module, DECODER_INPUTS, {})
