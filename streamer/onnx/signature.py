"""Whether a graph has the inputs and outputs that a contract demands."""

from __future__ import annotations

from collections.abc import Mapping

from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph, Tensor

Dimension = int | str
"""A number, which a graph may leave open but not contradict; or a name, for which every graph must
give one and the same number; or a name that begins with `*`, which may vary from call to call."""
Signature = Mapping[str, tuple[str, tuple[Dimension, ...]]]
"""Names to element types and dimensions."""


def check(graph: Graph, inputs: Signature, outputs: Signature) -> dict[str, int]:
    """Compare a graph with a contract's signature and return the named numbers.

    Raises ModelError that lists every difference: missing and further names, types, ranks and
    dimensions.
    """
    sizes: dict[str, int] = {}
    problems: list[str] = []
    for kind, wanted, found in (
        ("input", inputs, graph.inputs),
        ("output", outputs, graph.outputs),
    ):
        problems += [f"{kind} {name} is missing" for name in wanted if name not in found]
        if kind == "input":
            problems += [f"{kind} {name} is unknown" for name in found if name not in wanted]
        for name, (element, shape) in wanted.items():
            if name in found:
                problem = _compared(found[name], element, shape, sizes)
                problems += [f"{kind} {name} {problem}"] if problem else []
    if problems:
        raise ModelError(f"{graph.path} does not keep the model contract: {'; '.join(problems)}")
    return sizes


def _compared(
    found: Tensor, element: str, shape: tuple[Dimension, ...], sizes: dict[str, int]
) -> str | None:
    if found.type != element:
        return f"is {found.type}, not {element}"
    if len(found.shape) != len(shape):
        return f"has {len(found.shape)} dimensions, not {len(shape)}"
    for axis, (wanted, actual) in enumerate(zip(shape, found.shape, strict=True)):
        if isinstance(wanted, str) and wanted.startswith("*"):
            continue
        if not isinstance(actual, int):
            if isinstance(wanted, int):
                continue
            return f"leaves dimension {axis} open, which must be a number"
        number = wanted if isinstance(wanted, int) else sizes.setdefault(wanted, actual)
        if actual != number:
            return f"has {actual} in dimension {axis}, not {number}"
    return None
