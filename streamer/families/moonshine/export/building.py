"""The two skeletons of the package, from their structure to their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import helper

from streamer.export.int8 import quantise_by_rows
from streamer.families import moonshine
from streamer.families.moonshine.export.aligning import BASE
from streamer.families.moonshine.export.published import parameters
from streamer.families.moonshine.export.quantising import quantise_encoder
from streamer.families.moonshine.export.skeletons import random_base, skeleton
from streamer.families.moonshine.export.tracing import (
    decoder_metadata,
    encoder_metadata,
    trace_decoder,
    trace_encoder,
)

NAME = "moonshine-base-en"
SKELETONS = Path(moonshine.__file__).parent / "skeletons"


def build(published: Path) -> dict[str, bytes]:
    """Return the bytes of encoder.onnx and decoder.onnx over the files in a folder.

    The decoder's products have a scale for each row, so that no row depends on its neighbours.
    """
    stored = parameters(published)
    model = random_base()
    encoder = skeleton(trace_encoder(model), stored, quantise_encoder)
    decoder = skeleton(trace_decoder(model, BASE), stored, quantise_by_rows)
    return {
        "encoder.onnx": _bytes(encoder, encoder_metadata(NAME, "en")),
        "decoder.onnx": _bytes(decoder, decoder_metadata(model, NAME, BASE)),
    }


def _bytes(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    helper.set_model_props(model, dict(metadata))
    model.producer_name = "streamer"
    return model.SerializeToString(deterministic=True)
