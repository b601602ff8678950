"""Skeletons: our graphs over the published files, whose tensors they read in place.

An initialiser of ONNX may be external: a file name, an offset and a length. The published files are
pinned by their checksums, so offsets into them are constants. What is left to do, joining, turning
around, one scale and zero point a tensor or column, stands in the graph, and ONNX Runtime does it
once, when it loads. The structure is traced from a model with random weights: no published weight
is in a skeleton. (Random, since the tracer makes one of parameters that are equal.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import onnx
import torch
from numpy.typing import DTypeLike, NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from transformers import MoonshineConfig, MoonshineForConditionalGeneration

from streamer.export.graph import Weights
from streamer.families.moonshine.export.ort_file import Stored
from streamer.families.moonshine.export.published import Parameters, Quantised
from streamer.families.moonshine.export.tracing import Traced

_JOINED = {"qkv_proj": ("q_proj", "k_proj", "v_proj")}
_CROSS = {"cross_k": "k_proj", "cross_v": "v_proj"}
Quantise = Callable[[onnx.ModelProto, Weights], None]


def random_base() -> MoonshineForConditionalGeneration:
    """Make a model of the base size whose every parameter is random, norms and biases too."""
    config = MoonshineConfig(
        hidden_size=416,
        intermediate_size=1664,
        encoder_num_hidden_layers=8,
        decoder_num_hidden_layers=8,
        encoder_num_attention_heads=8,
        decoder_num_attention_heads=8,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.62,
        },
    )
    model = MoonshineForConditionalGeneration(config).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model


def skeleton(traced: Traced, stored: Parameters, quantise: Quantise) -> onnx.ModelProto:
    """Put references to the stored parameters in the place of weights, products in integers."""
    links = _Links(stored, traced.weights)
    graph = traced.graph.graph
    for name in list(traced.weights):
        links.link(name, graph)
    quantise(traced.graph, links.weights)
    nodes = [*links.nodes, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(links.references.values())
    for name, array in links.weights.items():
        if name not in links.placed:
            whole = np.asarray(array, order="C")  # ascontiguousarray makes a vector of a number
            graph.initializer.append(numpy_helper.from_array(whole, name))
    return traced.graph


@dataclass(slots=True)
class _Links:
    """Puts stored parameters in the place of weights, one by one."""

    stored: Parameters
    weights: Weights
    """What is left; of what was put in place, zeros that show its shape."""
    nodes: list[NodeProto] = field(default_factory=list[NodeProto])
    """That go before all others."""
    references: dict[str, TensorProto] = field(default_factory=dict[str, TensorProto])
    placed: set[str] = field(default_factory=set[str])

    def link(self, name: str, graph: onnx.GraphProto) -> None:
        """Put what is stored in the weight's place; weights of our own stay."""
        sources = sources_of(name)
        if not all(source in self.stored for source in sources):
            return
        tensors = [self.stored[source] for source in sources]
        readers = [node for node in graph.node if name in node.input]
        first = tensors[0]
        if isinstance(first, Stored):
            self._place(name, self._reference(name, first), self.weights[name].dtype)
        elif all(node.op_type == "MatMul" for node in readers):
            self._matrix(name, [t for t in tensors if isinstance(t, Quantised)])
        elif readers[0].op_type == "Gather":
            self._table(name, first, graph, readers[0])
        else:
            self._floats(name, first)

    def _matrix(self, name: str, tensors: list[Quantised]) -> None:
        """Make `name`.int8, .scale and .zero, as the products in integers want them."""
        shape = self.weights.pop(name).shape
        parts = [self._integers(f"{name}.{i}", tensor) for i, tensor in enumerate(tensors)]
        numbers = [self._numbers(f"{name}.{i}", tensor) for i, tensor in enumerate(tensors)]
        scales, zeros = ([pair[i] for pair in numbers] for i in (0, 1))
        columns: tuple[int, ...] = ()
        if len(tensors) > 1:
            columns = (shape[1],)
            widths = [tensor.integers.shape[1] for tensor in tensors]
            scales = [self._expanded(*pair) for pair in zip(scales, widths, strict=True)]
            zeros = [self._expanded(*pair) for pair in zip(zeros, widths, strict=True)]
        self._place(f"{name}.int8", self._joined(parts, axis=1), np.int8, shape)
        self._place(f"{name}.scale", self._joined(scales, axis=0), np.float32, columns)
        self._place(f"{name}.zero", self._joined(zeros, axis=0), np.int8, columns)

    def _table(
        self, name: str, tensor: Quantised, graph: onnx.GraphProto, gather: NodeProto
    ) -> None:
        """Gather rows of integers and make floats of them, not of the whole table."""
        integers = self._reference(f"{name}.int8", tensor.integers)
        output = gather.output[0]
        rows, place = f"{output}.int8", list(graph.node).index(gather)
        gather.input[0], gather.output[0] = integers, rows
        for node in reversed(self._floating(output, rows, tensor)):
            graph.node.insert(place + 1, node)
        del self.weights[name]

    def _floats(self, name: str, tensor: Quantised) -> None:
        """Make the weight in FP32, as convolutions want it."""
        integers = self._reference(f"{name}.int8", tensor.integers)
        self.nodes += self._floating(name, integers, tensor)
        self._place(name, name, np.float32)

    def _floating(self, name: str, integers: str, tensor: Quantised) -> list[NodeProto]:
        scale = self._reference(f"{name}.scale", tensor.scale, ())
        offset = self._reference(f"{name}.offset", tensor.offset, ())
        return [
            helper.make_node("Cast", [integers], [f"{name}.cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.cast", scale], [f"{name}.scaled"]),
            helper.make_node("Add", [f"{name}.scaled", offset], [name]),
        ]

    def _integers(self, name: str, tensor: Quantised) -> str:
        """Return the integers' name, laid out as (in, out)."""
        integers = self._reference(f"{name}.stored", tensor.integers)
        if tensor.transposed:
            return integers
        out, *_ = shape = tensor.integers.shape
        turned = self._node("Transpose", [integers], perm=list(range(len(shape)))[::-1])
        if len(shape) == 2:
            return turned
        flat = f"columns.{out}"  # a convolution's taps become more inputs
        self.weights[flat] = np.array([-1, out], np.int64)
        return self._node("Reshape", [turned, flat])

    def _numbers(self, name: str, tensor: Quantised) -> tuple[str, str]:
        """Return the names of a scale and a zero point: scale · (integers - zero point)."""
        scale = self._reference(f"{name}.scale", tensor.scale, ())
        offset = self._reference(f"{name}.offset", tensor.offset, ())
        whole = self._node("Round", [self._node("Div", [offset, scale])])
        return scale, self._node("Cast", [self._node("Neg", [whole])], to=TensorProto.INT8)

    def _expanded(self, number: str, width: int) -> str:
        shape = f"width.{width}"
        self.weights[shape] = np.array([width], np.int64)
        return self._node("Expand", [number, shape])

    def _joined(self, parts: list[str], axis: int) -> str:
        return parts[0] if len(parts) == 1 else self._node("Concat", parts, axis=axis)

    def _node(self, operator: str, inputs: list[str], **attributes: int | list[int]) -> str:
        output = f"{inputs[0]}.{operator.lower()}"
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(*pair) for pair in attributes.items())
        self.nodes.append(node)
        return output

    def _place(
        self, name: str, made: str, dtype: DTypeLike, shape: tuple[int, ...] | None = None
    ) -> None:
        """Let what was made be known by a weight's name, and leave zeros of its shape."""
        if made != name:
            self.nodes.append(helper.make_node("Identity", [made], [name]))
        if shape is None:
            shape = self.weights[name].shape
        self.weights[name] = _zeros(shape, dtype)
        self.placed.add(name)

    def _reference(self, name: str, tensor: Stored, shape: tuple[int, ...] | None = None) -> str:
        """Make an initialiser that is read from a published file; return its name."""
        reference = TensorProto(
            name=name,
            dims=tensor.shape if shape is None else shape,
            data_type=helper.np_dtype_to_tensor_dtype(tensor.dtype),
            data_location=TensorProto.EXTERNAL,
        )
        where = {"location": tensor.file, "offset": tensor.offset, "length": tensor.nbytes}
        for key, value in where.items():
            reference.external_data.add(key=key, value=str(value))
        self.references[name] = reference
        return name


def sources_of(name: str) -> list[str]:
    """Name the checkpoint's parameters that a weight of our graphs is made of, side by side."""
    kind, _, rest = name.partition(".")
    if kind in _CROSS:
        return [f"model.decoder.layers.{rest.replace('.', f'.encoder_attn.{_CROSS[kind]}.')}"]
    if kind == "proj_out":
        return ["model.decoder.embed_tokens.weight"]
    for joined, parts in _JOINED.items():
        if joined in name:
            return [f"model.{name.replace(joined, part)}" for part in parts]
    return [f"model.{name}"]


def _zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[np.generic]:
    """Make zeros that take no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)
