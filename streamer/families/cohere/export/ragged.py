"""Export to our own contract: rows that know their lengths, and nothing copied that is not needed.

encoder: mel (B, bins, T) f32, mel_lengths (B) i64
    -> cross_k_0, cross_v_0, … (B, heads, S, size), encoded_lengths (B) i64
decoder: tokens (B, n) i64, past_lengths (B) i64, cross_lengths (B) i64,
    self_k_0, self_v_0, … (B, heads, C, size), cross_k_0, cross_v_0, … (B, heads, S, size)
    -> chosen (B, n) i64, log_probability (B, n) f32, new_k_0, new_v_0, … (B, heads, n, size),
    logits (B, n, vocabulary) f32, cross_attention (B, n, S) f32

Token j of row b stands at position past_lengths[b] + j. It sees the first past_lengths[b] columns
of the row's caches, the new tokens up to itself, and the first cross_lengths[b] encoder frames;
whatever else the tensors hold is never looked at. So rows of any age share a batch, rows with fewer
than n new tokens are padded on the right, and C is whatever the oldest row needs. Whoever calls
writes the new keys and values into its caches. `chosen` is the arg-max of the logits behind each
token, `log_probability` that choice's. `cross_attention` is the mean of all layers' and
heads' weights: where the choice behind each token is heard. Word timings are made from it, and a
reader that wants none need not fetch it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration

from streamer.export.graph import Dimension, trace
from streamer.export.layers import score_bias, split_heads
from streamer.export.writing import FolderWriter, Stem
from streamer.families.cohere.export.decoder import Decoder
from streamer.families.cohere.export.dimensions import Dimensions
from streamer.families.cohere.export.encoder import Encoder

CONTRACT = "1"
"""The version of the contract, in the metadata of both graphs."""


def export_ragged(
    model: CohereAsrForConditionalGeneration,
    tokens: Path,
    out: Path,
    *,
    half_storage: bool,
    name: str,
    demonstration: bool = False,
    int8: Collection[Stem] = (),
) -> None:
    """Write encoder.onnx, decoder.onnx and tokens.txt into the folder `out`.

    The options are those of `export_published`, but that an encoder in integers has one scale for
    all rows of a call.
    """
    model = model.float().eval()
    writer = FolderWriter(out, name, demonstration, half_storage, int8)
    _export_encoder(model, writer)
    _export_decoder(model, writer)
    writer.tokens(tokens)


class RaggedEncoder(nn.Module):
    """The encoder with lengths, its keys and values split into heads."""

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        self.encoder = Encoder(model)
        self.dimensions = Dimensions.of(model)

    def forward(self, mel: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """Return keys and values layer by layer, then the lengths."""
        heads, size = self.dimensions.heads, self.dimensions.head_size
        keys, values, encoded = self.encoder(mel, lengths)
        assert encoded is not None
        pairs = zip(keys, values, strict=True)
        split = [split_heads(part, heads, size) for pair in pairs for part in pair]
        return (*split, encoded)


class RaggedDecoder(nn.Module):
    """The decoder with a position for each row."""

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        self.decoder = Decoder(model)
        self.dimensions = Dimensions.of(model)

    def forward(
        self, tokens: Tensor, past_lengths: Tensor, cross_lengths: Tensor, *caches: Tensor
    ) -> tuple[Tensor, ...]:
        """Take self keys and values layer by layer, then cross keys and values layer by layer."""
        layers = self.dimensions.layers
        pairs = list(zip(caches[::2], caches[1::2], strict=True))
        past, cross = pairs[:layers], pairs[layers:]
        new: list[Tensor] = []

        columns = past[0][0].shape[2]
        steps = torch.arange(tokens.shape[1])
        # Padding on the right may stand past the last position; what it computes is not used.
        positions = (past_lengths.unsqueeze(1) + steps).clamp(max=self.dimensions.positions - 1)
        before_bias = score_bias(torch.arange(columns) < past_lengths.reshape(-1, 1, 1, 1))
        now_bias = score_bias(steps <= steps.unsqueeze(1))

        def attend(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            """Join scores and not caches, of which a step would copy every column."""
            new.extend((keys, values))
            past_k, past_v = past[layer]
            before = query @ past_k.transpose(2, 3) + before_bias
            now = query @ keys.transpose(2, 3) + now_bias
            weights = torch.softmax(torch.cat([before, now], dim=3), dim=3)
            return weights[..., :columns] @ past_v + weights[..., columns:] @ values

        cross_seen = torch.arange(cross[0][0].shape[2]) < cross_lengths.reshape(-1, 1, 1, 1)
        logits, weights = self.decoder(tokens, positions, attend, cross, cross_seen)
        chosen = logits.argmax(dim=2)
        log_probability = torch.log_softmax(logits, dim=2).amax(dim=2)
        return chosen, log_probability, *new, logits, torch.cat(weights, dim=1).mean(dim=1)


def _export_encoder(model: CohereAsrForConditionalGeneration, writer: FolderWriter) -> None:
    d = Dimensions.of(model)
    module = RaggedEncoder(model)
    example = {"mel": torch.randn(2, d.mel_bins, 37), "mel_lengths": torch.tensor([37, 21])}
    cross: tuple[Dimension, ...] = ("batch", d.heads, "encoded", d.head_size)
    outputs: dict[str, tuple[Dimension, ...]] = dict.fromkeys(pair_names("cross", d.layers), cross)
    outputs["encoded_lengths"] = ("batch",)
    dynamic = {"mel": {0: "batch", 2: "frames"}, "mel_lengths": {0: "batch"}}
    graph = trace(module, example, outputs, dynamic)
    metadata = {"streamer.contract": CONTRACT, "streamer.subsampling": str(d.subsampling)}
    writer.graph("encoder", graph, module, list(example), metadata, one_clip=True)


def _export_decoder(model: CohereAsrForConditionalGeneration, writer: FolderWriter) -> None:
    d = Dimensions.of(model)
    module = RaggedDecoder(model)
    example, dynamic = decoder_example(d, "batch")
    new: tuple[Dimension, ...] = ("batch", d.heads, "tokens", d.head_size)
    outputs: dict[str, tuple[Dimension, ...]] = {
        "chosen": ("batch", "tokens"),
        "log_probability": ("batch", "tokens"),
        **dict.fromkeys(pair_names("new", d.layers), new),
        "logits": ("batch", "tokens", d.vocabulary),
        "cross_attention": ("batch", "tokens", "encoded"),
    }
    graph = trace(module, example, outputs, dynamic)
    metadata = {"streamer.contract": CONTRACT, "streamer.positions": str(d.positions)}
    writer.graph("decoder", graph, module, list(example), metadata)


def decoder_example(
    d: Dimensions, rows: str, dtype: torch.dtype = torch.float32
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
        for name in pair_names(kind, d.layers):
            example[name] = torch.randn(2, d.heads, count, d.head_size, dtype=dtype)
            dynamic[name] = {0: rows, 2: columns}
    return example, dynamic


def pair_names(kind: str, layers: int) -> list[str]:
    """Name keys and values layer by layer: kind_k_0, kind_v_0, kind_k_1 and so on."""
    return [f"{kind}_{part}_{layer}" for layer in range(layers) for part in "kv"]
