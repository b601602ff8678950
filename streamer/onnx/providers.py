"""What ONNX Runtime runs graphs on: its execution providers, and which one a model gets."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from streamer.models.errors import ModelError

logger = logging.getLogger(__name__)

Accelerator = Literal["cuda", "tensorrt", "coreml", "dml"]
Execution = Literal["cpu", Accelerator]
Provider = Literal["auto", Execution]
Device = Literal["cpu", "cuda"]
"""Where a model's values lie between calls: CoreML and DirectML are given those of the CPU."""

NAMES: dict[Execution, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "dml": "DmlExecutionProvider",
}

_OF_NVIDIA: tuple[Execution, ...] = ("cuda", "tensorrt")

_CUDA_OPTIONS = {
    # The default tries every algorithm again for each new length of audio; "DEFAULT" runs the
    # convolutions of our graphs "in fallback mode": 1.5 s a call where these take 22 ms (H200).
    "cudnn_conv_algo_search": "HEURISTIC",
    # Shapes come from a few buckets, the largest first: powers of two are then reused, not added.
    "arena_extend_strategy": "kNextPowerOfTwo",
}


def device_of(execution: Execution) -> Device:
    """Where the values of graphs lie that run there."""
    return "cuda" if execution in _OF_NVIDIA else "cpu"


def running_on(session: ort.InferenceSession) -> Execution:
    """Tell what a session really has: ONNX Runtime goes on without what it cannot load."""
    first = session.get_providers()[0]
    for execution, name in NAMES.items():
        if name == first:
            return execution
    return "cpu"


def asked_of_runtime(execution: Execution, *, captured: bool) -> list[tuple[str, dict[str, str]]]:
    """Return the providers that a session asks for, the first choice first.

    What one cannot do is done by the next. With `captured` CUDA replays calls.
    """
    cuda = (NAMES["cuda"], _CUDA_OPTIONS | ({"enable_cuda_graph": "1"} if captured else {}))
    cpu = (NAMES["cpu"], dict[str, str]())
    match execution:
        case "cpu":
            return [cpu]
        case "cuda":
            return [cuda, cpu]
        case "tensorrt":
            return [(NAMES["tensorrt"], {}), cuda, cpu]
        case "coreml" | "dml":
            return [(NAMES[execution], {}), cpu]


def choose(provider: Provider, graphs: Sequence[Path]) -> Execution:
    """Say what is to be tried for a model's graphs; "auto" is CUDA or the CPU.

    Raises ModelError for one that was asked for and cannot be.
    """
    if provider == "cpu":
        return "cpu"
    wanted: Accelerator = "cuda" if provider == "auto" else provider
    available = ort.get_available_providers()
    if NAMES[wanted] not in available:
        if provider == "auto":
            return "cpu"
        here = ", ".join(one for one, name in NAMES.items() if name in available)
        missing = f"this ONNX Runtime has no {label(wanted)} provider: it has {here}"
        raise ModelError(f"{label(wanted)} was asked for, but {missing}")
    if wanted in _OF_NVIDIA and any(map(is_dynamic_int8, graphs)):
        message = f"{graphs[0].parent} holds INT8 graphs, which CUDA cannot run at speed"
        mend = "`streamer export CHECKPOINT OUT --precision fp16` makes graphs for a GPU"
        if provider != "auto":
            raise ModelError(f"{message}: {mend}; or serve on the CPU")
        logger.warning("%s; running on the CPU (%s)", message, mend)
        return "cpu"
    if wanted in _OF_NVIDIA:
        ort.preload_dlls()  # finds the CUDA libraries of pip packages
    return wanted


def label(execution: Execution) -> str:
    """What users call it."""
    return {"tensorrt": "TensorRT", "coreml": "CoreML", "dml": "DirectML"}.get(
        execution, execution.upper()
    )


def is_dynamic_int8(path: Path) -> bool:
    """Tell whether the graph quantises activations as it runs. Its operators' names are plain."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(name) >= 0 for name in (b"DynamicQuantize", b"MatMulInteger"))
