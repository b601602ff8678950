"""Export to the form of our own contract that a GPU runs best: fixed places, nothing comes back.

encoder: mel (b, bins, T) f32, mel_lengths (b) i64, places (b) i64, cross_k_0, … (R, heads, S, size)
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

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration

from streamer.export.graph import Dimension, trace
from streamer.export.layers import attention_weights, score_bias, split_heads
from streamer.export.ragged import CONTRACT, decoder_example, mean_attention, pair_names
from streamer.export.writing import FolderWriter
from streamer.families.cohere.export.decoder import Decoder
from streamer.families.cohere.export.dimensions import Dimensions
from streamer.families.cohere.export.encoder import Convolution, Encoder


def export_resident(
    model: CohereAsrForConditionalGeneration,
    tokens: Path,
    out: Path,
    *,
    name: str,
    half: bool = True,
    demonstration: bool = False,
) -> None:
    """Write encoder.onnx, decoder.onnx and tokens.txt into the folder `out`.

    Without `half` everything is FP32: to compare with, and for GPUs without FP16.
    """
    model = model.float().eval()
    writer = FolderWriter(out, name, demonstration, half_storage=False, int8=())
    dtype = torch.float16 if half else torch.float32
    _export_encoder(model, writer, dtype)
    _export_decoder(model, writer, dtype)
    writer.tokens(tokens)


class GatheredDepthwise(nn.Module):
    """A depthwise convolution over time as a gather and a weighted sum.

    cuDNN makes a plan for each convolution and shape: with 48 of them the first call of each shape
    took 8.1 s on an H200 (ONNX Runtime 1.31), and 22 ms afterwards.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        """Take a convolution of images of height 1, one filter a channel."""
        super().__init__()
        self.padding = int(conv.padding[1])
        self.taps = conv.kernel_size[1]
        self.weight = nn.Parameter(conv.weight.detach()[:, 0, 0].t(), requires_grad=False)
        assert conv.bias is not None
        self.bias = nn.Parameter(conv.bias.detach(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (B, channels, 1, T)."""
        frames = x.permute(0, 2, 3, 1).flatten(0, 1)  # (B, T, channels)
        padded = nn.functional.pad(frames, (0, 0, self.padding, self.padding))
        windows = torch.arange(frames.shape[1]).unsqueeze(1) + torch.arange(self.taps)
        summed = (padded[:, windows] * self.weight).sum(dim=2) + self.bias
        return summed.unsqueeze(1).permute(0, 3, 1, 2)


class ResidentEncoder(nn.Module):
    """The encoder, which writes its keys and values into the caches of all rows."""

    def __init__(self, model: CohereAsrForConditionalGeneration, dtype: torch.dtype) -> None:
        super().__init__()
        self.encoder = Encoder(model)
        for block in self.encoder.blocks:
            convolution = cast("Convolution", block.conv)
            depthwise = cast("nn.Conv2d", convolution.depthwise)
            convolution.depthwise = GatheredDepthwise(depthwise)
        self.encoder.to(dtype)
        self.dimensions = Dimensions.of(model)
        self.dtype = dtype

    def forward(
        self, mel: Tensor, lengths: Tensor, places: Tensor, *cross: Tensor
    ) -> tuple[Tensor, ...]:
        """Return all rows' keys and values layer by layer, then the lengths of those encoded."""
        heads, size = self.dimensions.heads, self.dimensions.head_size
        keys, values, encoded = self.encoder(mel.to(self.dtype), lengths)
        assert encoded is not None
        frames = keys[0].shape[1]
        index = places.reshape(-1, 1, 1, 1).expand(-1, heads, frames, size)
        pairs = zip(keys, values, strict=True)
        updated = [
            cache.scatter(0, index, split_heads(new, heads, size))
            for cache, new in zip(cross, (part for pair in pairs for part in pair), strict=True)
        ]
        return (*updated, encoded)


class ResidentDecoder(nn.Module):
    """The decoder, which returns its caches with the new keys and values in them."""

    def __init__(self, model: CohereAsrForConditionalGeneration, dtype: torch.dtype) -> None:
        super().__init__()
        self.decoder = Decoder(model).to(dtype)
        self.dimensions = Dimensions.of(model)
        self.dtype = dtype

    def forward(
        self, tokens: Tensor, past_lengths: Tensor, cross_lengths: Tensor, *caches: Tensor
    ) -> tuple[Tensor, ...]:
        """Take self keys and values layer by layer, then cross keys and values layer by layer."""
        layers = self.dimensions.layers
        pairs = list(zip(caches[::2], caches[1::2], strict=True))
        past, cross = pairs[:layers], pairs[layers:]
        updated: list[Tensor] = []
        positions = past_lengths.unsqueeze(1) + torch.arange(tokens.shape[1])  # (R, n)
        columns = torch.arange(past[0][0].shape[2])
        # (R, heads, n, size): where each new key and value goes. The last column is read where the
        # others are: a number from the host would keep CUDA from capturing the call.
        index = torch.minimum(positions, columns[-1]).reshape(-1, 1, tokens.shape[1], 1)
        index = index.expand(-1, self.dimensions.heads, -1, self.dimensions.head_size)

        seen = columns.reshape(1, 1, -1) <= positions.unsqueeze(2)  # (R, n, C)
        bias = score_bias(seen.unsqueeze(1))

        def attend(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            all_keys, all_values = (
                old.scatter(2, index, new)
                for new, old in zip((keys, values), past[layer], strict=True)
            )
            updated.extend((all_keys, all_values))
            return attention_weights(query @ all_keys.transpose(2, 3), bias) @ all_values

        frames = torch.arange(cross[0][0].shape[2])
        cross_seen = (frames.unsqueeze(0) < cross_lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(2)
        # Padding on the right may stand past the last position; what it computes is not used.
        clamped = positions.clamp(max=self.dimensions.positions - 1)
        logits, weights = self.decoder(tokens, clamped, attend, cross, cross_seen)
        logits = logits.to(torch.float32)
        largest, chosen = logits.max(dim=2)
        log_probability = -(logits - largest.unsqueeze(2)).exp().sum(dim=2).log()
        return chosen, log_probability, *updated, mean_attention(weights)


def _export_encoder(
    model: CohereAsrForConditionalGeneration, writer: FolderWriter, dtype: torch.dtype
) -> None:
    d = Dimensions.of(model)
    module = ResidentEncoder(model, dtype)
    example = {
        "mel": torch.randn(2, d.mel_bins, 37),
        "mel_lengths": torch.tensor([37, 21]),
        "places": torch.tensor([2, 0]),
    }
    dynamic = {
        "mel": {0: "clips", 2: "frames"},
        "mel_lengths": {0: "clips"},
        "places": {0: "clips"},
    }
    for name in pair_names("cross", d.layers):
        example[name] = torch.randn(3, d.heads, 30, d.head_size, dtype=dtype)
        dynamic[name] = {0: "rows", 2: "encoded"}
    cache: tuple[Dimension, ...] = ("rows", d.heads, "encoded", d.head_size)
    outputs = dict.fromkeys(pair_names("next_cross", d.layers), cache)
    graph = trace(module, example, {**outputs, "encoded_lengths": ("clips",)}, dynamic)
    metadata = {"streamer.contract": CONTRACT, "streamer.subsampling": str(d.subsampling)}
    writer.graph("encoder", graph, module, list(example), metadata)


def _export_decoder(
    model: CohereAsrForConditionalGeneration, writer: FolderWriter, dtype: torch.dtype
) -> None:
    d = Dimensions.of(model)
    module = ResidentDecoder(model, dtype)
    example, dynamic = decoder_example(d, "rows", dtype)
    cache: tuple[Dimension, ...] = ("rows", d.heads, "columns", d.head_size)
    outputs: dict[str, tuple[Dimension, ...]] = {
        "chosen": ("rows", "tokens"),
        "log_probability": ("rows", "tokens"),
        **dict.fromkeys(pair_names("next_self", d.layers), cache),
        "cross_attention": ("rows", "tokens", "encoded"),
    }
    graph = trace(module, example, outputs, dynamic)
    metadata = {
        "streamer.contract": CONTRACT,
        "streamer.positions": str(d.positions),
        "streamer.vocabulary": str(d.vocabulary),
    }
    writer.graph("decoder", graph, module, list(example), metadata)
