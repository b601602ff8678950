"""Export to the form of our own contract that a GPU runs best: fixed places, nothing comes back.

`streamer.export.resident` tells the contract; the encoder takes mel (b, bins, T) and mel_lengths.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration

from streamer.export.graph import trace
from streamer.export.layers import split_heads
from streamer.export.ragged import CONTRACT, decoder_example, mean_attention, paired
from streamer.export.resident import (
    PastInPlace,
    answers,
    decoder_outputs,
    encoder_caches,
    encoder_outputs,
    placed,
)
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
        pairs = zip(keys, values, strict=True)
        new = [split_heads(part, heads, size) for pair in pairs for part in pair]
        return (*placed(cross, places, new, self.dimensions), encoded)


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
        past, cross = paired(caches, self.dimensions.layers)
        own = PastInPlace(past, past_lengths, tokens.shape[1], self.dimensions)
        frames = torch.arange(cross[0][0].shape[2])
        cross_seen = (frames.unsqueeze(0) < cross_lengths.unsqueeze(1)).unsqueeze(1).unsqueeze(2)
        # Padding on the right may stand past the last position.
        positions = own.positions.clamp(max=self.dimensions.positions - 1)
        logits, weights = self.decoder(tokens, positions, own.attend, cross, cross_seen)
        return answers(logits, own.updated, mean_attention(weights))


def _export_encoder(
    model: CohereAsrForConditionalGeneration, writer: FolderWriter, dtype: torch.dtype
) -> None:
    d = Dimensions.of(model)
    module = ResidentEncoder(model, dtype)
    caches, dynamic = encoder_caches(d, dtype)
    example = {
        "mel": torch.randn(2, d.mel_bins, 37),
        "mel_lengths": torch.tensor([37, 21]),
        **caches,
    }
    dynamic |= {"mel": {0: "clips", 2: "frames"}, "mel_lengths": {0: "clips"}}
    graph = trace(module, example, encoder_outputs(d), dynamic)
    metadata = {"streamer.contract": CONTRACT, "streamer.subsampling": str(d.subsampling)}
    writer.graph("encoder", graph, module, list(example), metadata)


def _export_decoder(
    model: CohereAsrForConditionalGeneration, writer: FolderWriter, dtype: torch.dtype
) -> None:
    d = Dimensions.of(model)
    module = ResidentDecoder(model, dtype)
    example, dynamic = decoder_example(d, "rows", dtype)
    graph = trace(module, example, decoder_outputs(d), dynamic)
    metadata = {
        "streamer.contract": CONTRACT,
        "streamer.positions": str(d.positions),
        "streamer.vocabulary": str(d.vocabulary),
    }
    writer.graph("decoder", graph, module, list(example), metadata)
