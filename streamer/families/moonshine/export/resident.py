"""The form for GPUs: `streamer.export.resident` tells the contract.

The encoder takes samples (b, n) and sample_lengths (b). Its first convolution and the norm of the
whole clip stay in FP32, where their sums fit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import MoonshineForConditionalGeneration

from streamer.export.layers import score_bias
from streamer.export.ragged import Head, decoder_example, mean_attention, paired
from streamer.export.resident import (
    PastInPlace,
    answers,
    decoder_outputs,
    encoder_caches,
    encoder_outputs,
    placed,
)
from streamer.families.moonshine.export.decoder import RaggedDecoder
from streamer.families.moonshine.export.dimensions import Dimensions
from streamer.families.moonshine.export.encoder import RaggedEncoder
from streamer.families.moonshine.export.tracing import Traced, encoder_example, traced


class ResidentEncoder(nn.Module):
    """The encoder, which writes its keys and values into the caches of all rows."""

    def __init__(self, model: MoonshineForConditionalGeneration, dtype: torch.dtype) -> None:
        super().__init__()
        self.clips = RaggedEncoder(model).to(dtype)
        self.clips.encoder.conv1.float()
        self.clips.encoder.groupnorm.float()

    def forward(
        self, samples: Tensor, lengths: Tensor, places: Tensor, *cross: Tensor
    ) -> tuple[Tensor, ...]:
        """Return all rows' keys and values layer by layer, then the lengths of those encoded."""
        *new, encoded = self.clips(samples, lengths)
        return (*placed(cross, places, new, self.clips.dimensions), encoded)


class ResidentDecoder(nn.Module):
    """The decoder, which returns its caches with the new keys and values in them."""

    def __init__(
        self,
        model: MoonshineForConditionalGeneration,
        heads: tuple[Head, ...],
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.rows = RaggedDecoder(model, heads).to(dtype)

    def forward(
        self, tokens: Tensor, past_lengths: Tensor, cross_lengths: Tensor, *caches: Tensor
    ) -> tuple[Tensor, ...]:
        """Take self keys and values layer by layer, then cross keys and values layer by layer."""
        rows, sizes = self.rows, self.rows.dimensions
        past, cross = paired(caches, sizes.layers)
        count = tokens.shape[1]
        own = PastInPlace(past, past_lengths, count, sizes)
        seen = torch.arange(cross[0][0].shape[2]) < cross_lengths.reshape(-1, 1, 1, 1)
        x, attention = rows.decoder(tokens, own.positions, own, cross, score_bias(seen))
        logits = rows.proj_out(x).reshape(-1, count, sizes.vocabulary)
        return answers(logits, own.updated, mean_attention(attention, rows.heads))


def trace_resident_encoder(model: MoonshineForConditionalGeneration, dtype: torch.dtype) -> Traced:
    """Trace the encoder."""
    sizes = Dimensions.of(model)
    caches, dynamic = encoder_caches(sizes, dtype)
    example = {**encoder_example(), **caches}
    dynamic |= {"samples": {0: "clips", 1: "samples"}, "sample_lengths": {0: "clips"}}
    return traced(ResidentEncoder(model, dtype), example, encoder_outputs(sizes), dynamic)


def trace_resident_decoder(
    model: MoonshineForConditionalGeneration, heads: tuple[Head, ...], dtype: torch.dtype
) -> Traced:
    """Trace the decoder."""
    sizes = Dimensions.of(model)
    example, dynamic = decoder_example(sizes, "rows", dtype)
    return traced(ResidentDecoder(model, heads, dtype), example, decoder_outputs(sizes), dynamic)
