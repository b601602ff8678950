"""From a checkpoint's model to the two graphs of a model folder, with its own weights."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import MoonshineForConditionalGeneration

from streamer.export.graph import save
from streamer.export.int8 import quantise_by_rows
from streamer.families.moonshine.export.aligning import UNKNOWN, Alignment
from streamer.families.moonshine.export.quantising import quantise_encoder
from streamer.families.moonshine.export.resident import (
    trace_resident_decoder,
    trace_resident_encoder,
)
from streamer.families.moonshine.export.tracing import (
    decoder_metadata,
    encoder_metadata,
    trace_decoder,
    trace_encoder,
)
from streamer.families.moonshine.numbers import FRAME_SAMPLES


def write_graphs(
    model: MoonshineForConditionalGeneration,
    folder: Path,
    *,
    name: str,
    language: str,
    int8: bool = False,
    alignment: Alignment = UNKNOWN,
) -> None:
    """Write encoder.onnx and decoder.onnx, or encoder.int8.onnx and decoder.int8.onnx.

    In integers the decoder's products have a scale for each row, so that none depends on its
    neighbours.
    """
    model = model.float().eval()
    encoder, decoder = trace_encoder(model), trace_decoder(model, alignment)
    if int8:
        quantise_encoder(encoder.graph, encoder.weights)
        quantise_by_rows(decoder.graph, decoder.weights)
    end = ".int8.onnx" if int8 else ".onnx"
    folder.mkdir(parents=True, exist_ok=True)
    metadata = encoder_metadata(name, language)
    save(encoder.graph, encoder.weights, folder / f"encoder{end}", metadata)
    metadata = decoder_metadata(model, name, alignment)
    save(decoder.graph, decoder.weights, folder / f"decoder{end}", metadata)


def write_resident(
    model: MoonshineForConditionalGeneration,
    folder: Path,
    *,
    name: str,
    language: str,
    half: bool = True,
    alignment: Alignment = UNKNOWN,
) -> None:
    """Write encoder.onnx and decoder.onnx in the form for GPUs.

    Without `half` everything is FP32: to compare with, and for GPUs without FP16.
    """
    dtype = torch.float16 if half else torch.float32
    folder.mkdir(parents=True, exist_ok=True)
    encoder = trace_resident_encoder(model.float().eval(), dtype)
    metadata = encoder_metadata(name, language) | {"streamer.subsampling": str(FRAME_SAMPLES)}
    save(encoder.graph, encoder.weights, folder / "encoder.onnx", metadata)
    decoder = trace_resident_decoder(model.float(), alignment.heads, dtype)
    vocabulary = {"streamer.vocabulary": str(model.config.vocab_size)}
    metadata = decoder_metadata(model, name, alignment) | vocabulary
    save(decoder.graph, decoder.weights, folder / "decoder.onnx", metadata)
