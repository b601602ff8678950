"""ONNX Runtime sessions: which provider, how many threads, and what a graph looks like."""

from __future__ import annotations

import logging
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,  # pyright: ignore[reportAttributeAccessIssue]
)

from streamer.models.errors import ModelError
from streamer.onnx.providers import (
    Device,
    Execution,
    Provider,
    asked_of_runtime,
    choose,
    device_of,
    label,
    running_on,
)

logger = logging.getLogger(__name__)

RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
"""What ONNX Runtime raises; its errors have no common base of their own."""

_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a graph: its type as ONNX Runtime writes it, and its dimensions.

    A dimension that may vary is a name, or None.
    """

    type: str
    shape: tuple[int | str | None, ...]


class Graph:
    """One loaded graph. Raises ModelError for a file that ONNX Runtime refuses."""

    def __init__(
        self,
        path: Path,
        execution: Execution,
        threads: int,
        *,
        captured: bool = False,
        weights: Path | None = None,
    ) -> None:
        """Load a graph; with `captured` CUDA replays calls whose run options name a graph id.

        `weights` is the folder of the files that it reads its weights from, where these do not lie
        beside it; no link may lead out of it.
        """
        self.path = path
        self.captured = captured
        self._graph_ids = count(1)
        self.session = _create_session(path, execution, threads, captured=captured, weights=weights)
        self.execution: Execution = running_on(self.session)
        self.device: Device = device_of(self.execution)

    def next_graph_id(self) -> int:
        """Return an id for a captured call that no other of this session has."""
        return next(self._graph_ids)

    @property
    def inputs(self) -> Mapping[str, Tensor]:
        """The inputs by name, in order."""
        return {i.name: Tensor(i.type, tuple(i.shape)) for i in self.session.get_inputs()}

    @property
    def outputs(self) -> Mapping[str, Tensor]:
        """The outputs by name, in order."""
        return {o.name: Tensor(o.type, tuple(o.shape)) for o in self.session.get_outputs()}

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the exporter wrote beside the graph."""
        return self.session.get_modelmeta().custom_metadata_map


def load_graphs(
    encoder: Path,
    decoder: Path,
    provider: Provider,
    threads: int,
    *,
    weights: Path | None = None,
) -> tuple[Graph, Graph]:
    """Load both graphs in one place: where asked for, or, with "auto", CUDA if it is really usable.

    `threads` of 0 lets ONNX Runtime choose. With "auto" a CUDA provider that is installed but does
    not work gives one warning and the CPU, and so do INT8 graphs: CUDA has no kernels for them, and
    would copy back and forth around every product. What was asked for by name and cannot be raises
    ModelError.
    """
    execution = choose(provider, (encoder, decoder))

    def loaded(on: Execution) -> tuple[Graph, Graph]:
        return (
            Graph(encoder, on, threads, weights=weights),
            Graph(decoder, on, threads, weights=weights),
        )

    graphs = loaded(execution)
    if all(graph.execution == execution for graph in graphs):
        return graphs
    # ONNX Runtime only logs that a provider could not be loaded, and goes on without it.
    message = (
        f"the {label(execution)} provider of ONNX Runtime is installed but cannot be used here "
        "(driver or libraries missing or of another version)"
    )
    if provider != "auto":
        raise ModelError(message)
    logger.warning("%s; running on the CPU", message)
    return loaded("cpu")


def usable_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


_PROCESSORS = Path("/proc/cpuinfo")


def _saturates() -> bool:
    """Tell an x86 processor without VNNI instructions, whose INT8 products may overflow 16 bits.

    ONNX Runtime has slower ones that do not. They must be asked for, and are then taken by faster
    processors too.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not _PROCESSORS.is_file():
        return False
    return "vnni" not in _PROCESSORS.read_text(encoding="ascii", errors="replace")


def _create_session(
    path: Path, execution: Execution, threads: int, *, captured: bool, weights: Path | None
) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads must not take the cores from the event loop.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if _saturates():
        options.add_session_config_entry("session.x64quantprecision", "1")
    if device_of(execution) == "cuda":
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    if execution == "dml":  # it refuses sessions with either
        options.enable_mem_pattern = False
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    providers = asked_of_runtime(execution, captured=captured)
    if weights is not None:
        options.add_session_config_entry(_WEIGHTS_FOLDER, str(weights))
    try:
        # ONNX Runtime looks into that folder only for graphs that it gets as bytes.
        graph = path if weights is None else path.read_bytes()
        return ort.InferenceSession(graph, options, providers=providers)
    except RUNTIME_ERRORS as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
