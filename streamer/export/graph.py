"""From a module to an ONNX file, one weight at a time.

The structure is traced without any weight in it, and the weights are put in as it is written. So
the peak is the checkpoint and little more, where torch's own exporter needs four times the weights.
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
Weights = dict[str, NDArray[Any]]
"""Initialisers by name, as views of the checkpoint's memory as long as nothing changes them."""
INLINE_LIMIT = 1 << 30
"""Bytes of weights up to which one file holds everything; protobuf ends at 2 GiB."""
ALIGNMENT = 4096
"""Of each weight in a file of its own, so that it can be mapped into memory."""


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


def take_weights(model: onnx.ModelProto, module: nn.Module, arguments: Sequence[str]) -> Weights:
    """Return the module's value of each input that is no argument, and take it off the inputs."""
    state = module.state_dict()
    inputs = list(model.graph.input)
    del model.graph.input[:]
    model.graph.input.extend(value for value in inputs if value.name in arguments)
    names = [value.name for value in inputs if value.name not in arguments]
    return {name: state[name].detach().numpy() for name in names}


def store_as_half(model: onnx.ModelProto, weights: Weights) -> None:
    """Store each weight that FP16 holds exactly as FP16, and cast it to FP32 in the graph.

    ONNX Runtime does the casts once, when it loads the graph.
    """
    casts: list[onnx.NodeProto] = []
    for name, array in list(weights.items()):
        half = _exact_half(array)
        if half is not None:
            del weights[name]
            weights[f"{name}.half"] = half
            cast = helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
            casts.append(cast)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def save(model: onnx.ModelProto, weights: Weights, path: Path, metadata: Mapping[str, str]) -> None:
    """Put the weights in, check the graph and write it.

    Large weights go into one file beside it, one at a time, so that they are never in memory twice.
    """
    helper.set_model_props(model, dict(metadata))
    model.producer_name = "streamer"
    initializers = model.graph.initializer
    if sum(array.nbytes for array in weights.values()) <= INLINE_LIMIT:
        for name, array in weights.items():
            initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return
    data = path.with_name(f"{path.name}.data")
    with data.open("wb") as file:
        for name, array in weights.items():
            if array.nbytes < ALIGNMENT:  # shapes above all, which the loader must see at once
                initializers.append(numpy_helper.from_array(array, name))
                continue
            file.write(bytes(-file.tell() % ALIGNMENT))
            initializers.append(_reference(name, array, data.name, file.tell()))
            np.ascontiguousarray(array).tofile(file)
    onnx.save(model, path)
    onnx.checker.check_model(path)


def _reference(name: str, array: NDArray[Any], location: str, offset: int) -> onnx.TensorProto:
    """Make an initialiser whose values are in another file."""
    tensor = TensorProto(
        name=name,
        dims=array.shape,
        data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
        data_location=TensorProto.EXTERNAL,
    )
    where = {"location": location, "offset": str(offset), "length": str(array.nbytes)}
    for key, value in where.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def _exact_half(array: NDArray[Any]) -> NDArray[np.float16] | None:
    if array.dtype != np.float32:
        return None
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), array) else None
