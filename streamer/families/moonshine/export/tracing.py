"""Both graphs of a checkpoint, without their weights, and what their metadata says."""

from __future__ import annotations

from dataclasses import dataclass

import onnx
import torch
from torch import nn
from transformers import MoonshineForConditionalGeneration

from streamer.export.graph import Dimension, Weights, take_weights, trace
from streamer.export.ragged import CONTRACT, decoder_example, decoder_outputs, pair_names
from streamer.families.moonshine.export.aligning import Alignment
from streamer.families.moonshine.export.decoder import RaggedDecoder
from streamer.families.moonshine.export.dimensions import Dimensions
from streamer.families.moonshine.export.encoder import RaggedEncoder
from streamer.families.moonshine.numbers import (
    FRAME_MIDDLE,
    FRAME_SAMPLES,
    LEAST_SAMPLES,
    LEAST_TOKENS,
    MAX_SECONDS,
    MODEL_TYPE,
    TAIL_SECONDS,
    TOKENS_PER_SECOND,
)


@dataclass(frozen=True, slots=True)
class Traced:
    """A graph and the weights that it lacks."""

    graph: onnx.ModelProto
    weights: Weights


def trace_encoder(model: MoonshineForConditionalGeneration) -> Traced:
    """Trace the encoder."""
    d = Dimensions.of(model)
    example = encoder_example()
    cross: tuple[Dimension, ...] = ("batch", d.heads, "encoded", d.head_size)
    outputs: dict[str, tuple[Dimension, ...]] = dict.fromkeys(pair_names("cross", d.layers), cross)
    outputs["encoded_lengths"] = ("batch",)
    dynamic = {"samples": {0: "batch", 1: "samples"}, "sample_lengths": {0: "batch"}}
    return traced(RaggedEncoder(model), example, outputs, dynamic)


def trace_decoder(model: MoonshineForConditionalGeneration, alignment: Alignment) -> Traced:
    """Trace the decoder."""
    d = Dimensions.of(model)
    example, dynamic = decoder_example(d, "batch")
    decoder = RaggedDecoder(model, alignment.heads)
    return traced(decoder, example, decoder_outputs(d, d.vocabulary), dynamic)


def encoder_example() -> dict[str, torch.Tensor]:
    """Make two clips to trace an encoder with."""
    lengths = torch.tensor([LEAST_SAMPLES + 5 * FRAME_SAMPLES, LEAST_SAMPLES + FRAME_SAMPLES])
    return {"samples": torch.randn(2, int(lengths.max())), "sample_lengths": lengths}


def encoder_metadata(name: str, language: str) -> dict[str, str]:
    """Say what the graph's reader must know of the sound."""
    return {
        "model_type": MODEL_TYPE,
        "streamer.name": name,
        "streamer.contract": CONTRACT,
        "streamer.languages": language,
        "streamer.samples_per_frame": str(FRAME_SAMPLES),
        "streamer.frame_middle": str(FRAME_MIDDLE),
        "streamer.least_samples": str(LEAST_SAMPLES),
        "streamer.tail_seconds": str(TAIL_SECONDS),
        "streamer.max_seconds": str(MAX_SECONDS),
    }


def decoder_metadata(
    model: MoonshineForConditionalGeneration, name: str, alignment: Alignment
) -> dict[str, str]:
    """Say what the graph's reader must know of the tokens."""
    config = model.config
    return {
        "model_type": MODEL_TYPE,
        "streamer.name": name,
        "streamer.contract": CONTRACT,
        "streamer.positions": str(config.max_position_embeddings),
        "streamer.prompt": str(config.decoder_start_token_id),
        "streamer.end_token": str(config.eos_token_id),
        "streamer.tokens_per_second": str(TOKENS_PER_SECOND),
        "streamer.least_tokens": str(LEAST_TOKENS),
        "streamer.word_lead_seconds": str(alignment.lead_s),
        "streamer.word_lag_seconds": str(alignment.lag_s),
    }


def traced(
    module: nn.Module,
    example: dict[str, torch.Tensor],
    outputs: dict[str, tuple[Dimension, ...]],
    dynamic: dict[str, dict[int, str]],
) -> Traced:
    """Trace a module, and take its weights off the graph."""
    graph = trace(module, example, outputs, dynamic)
    return Traced(graph, take_weights(graph, module, list(example)))
