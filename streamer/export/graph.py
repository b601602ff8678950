"""From a module to an ONNX file, one weight at a time.

The structure is traced without any weight in it, and the weights are attached afterwards. So the
peak is the checkpoint and little more, where torch's own exporter needs four times the weights.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17
"""The first with LayerNormalization; every ONNX Runtime since 1.12 (2022) runs it."""
Dimension = str | int
INLINE_LIMIT = 1 << 30
"""Bytes of weights up to which one file holds everything; protobuf ends at 2 GiB."""


def trace(
    module: nn.Module,
    example: Mapping[str, Tensor],
    outputs: Mapping[str, Sequence[Dimension]],
    dynamic: Mapping[str, Mapping[int, str]],
) -> onnx.ModelProto:
    """Trace the module into a graph whose weights are inputs named as in its state dict.

    `example` holds the arguments by name and in order, with two rows or more in each dimension
    that `dynamic` names. `outputs` gives every output's dimensions: names, or numbers for those
    that readers may rely on.
    """
    buffer = io.BytesIO()
    axes = {name: dict(dims) for name, dims in dynamic.items()}
    with warnings.catch_warnings(), torch.no_grad():
        # Tracing a chosen path is the purpose here, and the exporter by TorchScript, deprecated
        # though it is, is the one that keeps weights out of the graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(example.values()),
            cast("Any", buffer),  # the annotation forgets file objects
            input_names=list(example),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            export_params=False,
            do_constant_folding=False,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    for value in model.graph.output:
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for dimension in outputs[value.name]:
            key = "dim_value" if isinstance(dimension, int) else "dim_param"
            shape.dim.add(**{key: dimension})
    return model


def attach_weights(model: onnx.ModelProto, module: nn.Module, arguments: Sequence[str]) -> None:
    """Turn the inputs that are no arguments into initialisers, of the module's values."""
    state = module.state_dict()
    graph = model.graph
    weights = [value.name for value in graph.input if value.name not in arguments]
    inputs = [value for value in graph.input if value.name in arguments]
    del graph.input[:]
    graph.input.extend(inputs)
    for name in weights:
        array = state[name].detach().contiguous().numpy()
        graph.initializer.append(numpy_helper.from_array(array, name))


def store_as_half(model: onnx.ModelProto) -> None:
    """Store each weight that FP16 holds exactly as FP16, and cast it to FP32 in the graph.

    ONNX Runtime does the casts once, when it loads the graph.
    """
    graph = model.graph
    stored: list[onnx.TensorProto] = []
    casts: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        half = _exact_half(numpy_helper.to_array(tensor))
        if half is None:
            stored.append(tensor)
        else:
            stored.append(numpy_helper.from_array(half, f"{tensor.name}.half"))
            cast = helper.make_node(
                "Cast", [f"{tensor.name}.half"], [tensor.name], to=TensorProto.FLOAT
            )
            casts.append(cast)
    nodes = [*casts, *graph.node]
    del graph.initializer[:]
    graph.initializer.extend(stored)
    del graph.node[:]
    graph.node.extend(nodes)


def save(model: onnx.ModelProto, path: Path, metadata: Mapping[str, str]) -> None:
    """Check the graph and write it, with its weights in one file beside it where they are large."""
    helper.set_model_props(model, dict(metadata))
    model.producer_name = "streamer"
    size = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    if size <= INLINE_LIMIT:
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return
    onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data")
    onnx.checker.check_model(path)


def _exact_half(array: NDArray[np.generic]) -> NDArray[np.float16] | None:
    if array.dtype != np.float32:
        return None
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), array) else None
