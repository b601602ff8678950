"""The published files' tensors by the name of the checkpoint's parameter that each holds.

The base-en files hold every weight as int8, with one scale and one offset a tensor. Initialisers
have no telling names; the nodes have, so a product's weight is found by its node. The offset is a
float but a whole multiple of the scale (within 3e-6), so the integers and a whole zero point are
the published weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.families.moonshine.export.ort_file import Contents, Stored, read

ENCODER = "encoder_model.ort"
DECODER = "decoder_model_merged.ort"
_ADDED = "_add_tensor"
_MERGED = "_merged_0"
_RENAMED = {"dense": "o_proj", "up_proj": "fc1", "down_proj": "fc2"}


@dataclass(frozen=True, slots=True)
class Quantised:
    """A weight: integers · scale + offset."""

    integers: Stored
    scale: Stored
    offset: Stored
    transposed: bool
    """Whether the integers are (in, out), as products want them, and not (out, in)."""


Parameters = Mapping[str, Quantised | Stored]


def parameters(folder: Path) -> Parameters:
    """Find the tensor of each parameter of `MoonshineForConditionalGeneration`."""
    return dict([*_encoder(read(folder / ENCODER)), *_decoder(read(folder / DECODER))])


def recovered(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Read the published weights, laid out as in the checkpoint."""
    content = {name: (folder / name).read_bytes() for name in (ENCODER, DECODER)}

    def value(tensor: Stored) -> NDArray[np.float32]:
        return tensor.read(content[tensor.file]).astype(np.float32)

    def weight(tensor: Quantised | Stored) -> NDArray[np.float32]:
        if isinstance(tensor, Stored):
            return value(tensor)
        whole = value(tensor.integers) * value(tensor.scale) + value(tensor.offset)
        return whole.T if tensor.transposed else whole

    return {name: weight(tensor) for name, tensor in parameters(folder).items()}


def _encoder(graph: Contents) -> Iterator[tuple[str, Quantised | Stored]]:
    prefix = "model.encoder"
    for name, tensor in graph.initialisers.items():
        if name.startswith(("layers.", "layer_norm.")) or name in ("conv2.bias", "conv3.bias"):
            yield f"{prefix}.{name}", tensor
    for number in (1, 2, 3):
        name = f"conv{number}.weight"
        yield f"{prefix}.{name}", _quantised(graph, name, transposed=False)
    for name, stored in (("weight", "onnx::Mul_1942"), ("bias", "onnx::Add_1943")):
        column = graph.initialisers[stored]
        flat = Stored(column.file, column.offset, column.shape[:1], column.dtype)
        yield f"{prefix}.groupnorm.{name}", flat
    yield from _products(graph, graph, "/layers.", prefix)


def _decoder(graph: Contents) -> Iterator[tuple[str, Quantised | Stored]]:
    for name, tensor in graph.initialisers.items():
        if name.startswith("model.decoder.") and name.endswith(_MERGED):
            yield _renamed(name.removesuffix(_MERGED)), tensor
    embedding = "model.decoder.embed_tokens.weight"
    yield embedding, _quantised(graph, f"{embedding}{_MERGED}", transposed=False)
    (branches,) = (node.graphs for node in graph.nodes if node.graphs)
    # The branch without a past: the other one lacks the cross keys and values.
    yield from _products(branches["else_branch"], graph, "/model/decoder/layers.", "")


def _products(
    graph: Contents, outer: Contents, start: str, prefix: str
) -> Iterator[tuple[str, Quantised]]:
    """Find the weights of the products whose nodes' names begin like this."""
    for node in graph.nodes:
        weight = node.inputs[1] if node.operator == "MatMul" else ""
        if node.name.startswith(start) and weight.endswith(_ADDED):
            parameter = node.name.removesuffix("/MatMul").replace("/", ".")
            name = _renamed(f"{prefix}{parameter}.weight".removeprefix("."))
            yield name, _quantised(outer, weight.removesuffix(_ADDED), transposed=True)


def _quantised(graph: Contents, name: str, *, transposed: bool) -> Quantised:
    parts = (graph.initialisers[f"{name}_{part}"] for part in ("quantized", "scale", "zero_point"))
    return Quantised(*parts, transposed=transposed)


def _renamed(name: str) -> str:
    return ".".join(_RENAMED.get(part, part) for part in name.split("."))
