"""From a checkpoint's model to the two graphs of a model folder, with its own weights."""

from __future__ import annotations

from pathlib import Path

from transformers import MoonshineForConditionalGeneration

from streamer.export.graph import save
from streamer.export.int8 import quantise_by_rows
from streamer.families.moonshine.export.aligning import UNKNOWN, Alignment
from streamer.families.moonshine.export.quantising import quantise_encoder
from streamer.families.moonshine.export.tracing import (
    decoder_metadata,
    encoder_metadata,
    trace_decoder,
    trace_encoder,
)


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
