"""Export to our own contract: rows that know their lengths, and nothing copied that is not needed.

encoder: mel (B, bins, T) f32, mel_lengths (B) i64
    -> cross_k_0, cross_v_0, … (B, heads, S, size), encoded_lengths (B) i64
decoder: `streamer.export.ragged` tells its contract
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration

from streamer.export.graph import Dimension, trace
from streamer.export.layers import split_heads
from streamer.export.ragged import (
    CONTRACT,
    PastAndNew,
    answers,
    decoder_example,
    decoder_outputs,
    mean_attention,
    pair_names,
    paired,
)
from streamer.export.writing import FolderWriter, Stem
from streamer.families.cohere.export.decoder import Decoder
from streamer.families.cohere.export.dimensions import Dimensions
from streamer.families.cohere.export.encoder import Encoder
from streamer.speech.clip import MAX_CLIP_S


def export_ragged(
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

    The options are those of `export_published`, but that an encoder in integers has one scale for
    all rows of a call.
    """
    model = model.float().eval()
    writer = FolderWriter(out, name, demonstration, half_storage, int8, max_seconds)
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
        past, cross = paired(caches, self.dimensions.layers)
        count = tokens.shape[1]
        own = PastAndNew(past, past_lengths, count)
        # Padding on the right may stand past the last position; what it computes is not used.
        positions = past_lengths.unsqueeze(1) + torch.arange(count)
        positions = positions.clamp(max=self.dimensions.positions - 1)
        cross_seen = torch.arange(cross[0][0].shape[2]) < cross_lengths.reshape(-1, 1, 1, 1)
        logits, weights = self.decoder(tokens, positions, own.attend, cross, cross_seen)
        return answers(logits, own.new, mean_attention(weights))


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
    outputs = decoder_outputs(d, d.vocabulary)
    graph = trace(module, example, outputs, dynamic)
    metadata = {"streamer.contract": CONTRACT, "streamer.positions": str(d.positions)}
    writer.graph("decoder", graph, module, list(example), metadata)
