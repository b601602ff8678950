"""Where graphs run. CUDA is played by a stand-in for ONNX Runtime's session."""

from __future__ import annotations

import logging
import platform
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest

from streamer.models.errors import ModelError
from streamer.models.registry import embedded_folder
from streamer.onnx.providers import NAMES, Execution, Provider, is_dynamic_int8, label
from streamer.onnx.sessions import Graph, load_graphs

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


@pytest.fixture
def graphs(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "encoder.onnx", tmp_path / "decoder.onnx"
    for path in paths:
        path.write_bytes(b"MatMul")
    return paths


def play_cuda(monkeypatch: pytest.MonkeyPatch, *, installed: bool, works: bool) -> None:
    class Session:
        def __init__(self, path: Path, options: object, providers: list[Any]) -> None:
            asked = [name if isinstance(name, str) else name[0] for name in providers]
            self._providers = [name for name in asked if name != CUDA or works]

        def get_providers(self) -> list[str]:
            return self._providers

    monkeypatch.setattr(ort, "InferenceSession", Session)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    available = [CUDA, CPU] if installed else [CPU]
    monkeypatch.setattr(ort, "get_available_providers", lambda: available)


def devices(graphs: tuple[Graph, Graph]) -> list[str]:
    return [graph.device for graph in graphs]


def test_cuda_is_taken_where_it_works(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path]
) -> None:
    play_cuda(monkeypatch, installed=True, works=True)
    assert devices(load_graphs(*graphs, "auto", 0)) == ["cuda", "cuda"]
    assert devices(load_graphs(*graphs, "cpu", 0)) == ["cpu", "cpu"]


def test_cuda_that_is_skipped_silently_gives_one_warning_and_the_cpu(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    play_cuda(monkeypatch, installed=True, works=False)
    with caplog.at_level(logging.WARNING):
        assert devices(load_graphs(*graphs, "auto", 0)) == ["cpu", "cpu"]
    assert len(caplog.records) == 1
    assert "cannot be used here" in caplog.text


def test_cuda_that_was_asked_for_must_work(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path]
) -> None:
    play_cuda(monkeypatch, installed=True, works=False)
    with pytest.raises(ModelError, match="cannot be used here"):
        load_graphs(*graphs, "cuda", 0)
    play_cuda(monkeypatch, installed=False, works=False)
    with pytest.raises(ModelError, match="has no CUDA provider"):
        load_graphs(*graphs, "cuda", 0)


def test_without_cuda_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    play_cuda(monkeypatch, installed=False, works=False)
    assert devices(load_graphs(*graphs, "auto", 0)) == ["cpu", "cpu"]
    assert not caplog.records


def test_int8_stays_on_the_cpu_and_says_so_but_is_refused_where_cuda_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    play_cuda(monkeypatch, installed=True, works=True)
    graphs[1].write_bytes(b"... DynamicQuantizeLinear ... MatMulInteger ...")
    with caplog.at_level(logging.WARNING):
        assert devices(load_graphs(*graphs, "auto", 0)) == ["cpu", "cpu"]
    assert len(caplog.records) == 1
    assert "INT8" in caplog.text
    with pytest.raises(ModelError, match="fp16` makes graphs for a GPU; or serve on the CPU"):
        load_graphs(*graphs, "cuda", 0)


class Runtime:
    """ONNX Runtime on a machine with these providers, of which some do not work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, installed: str, broken: str = "") -> None:
        self.asked: list[list[str]] = []
        self.options: list[Any] = []
        here = [name for one, name in NAMES.items() if one in (*installed.split(), "cpu")]
        usable = [name for one, name in NAMES.items() if one not in broken.split()]
        runtime = self

        class Session:
            def __init__(self, _: Path, options: Any, providers: list[Any]) -> None:
                runtime.asked.append([name for name, _ in providers])
                runtime.options.append(options)
                self.taken = [name for name, _ in providers if name in usable]

            def get_providers(self) -> list[str]:
                return self.taken

        monkeypatch.setattr(ort, "InferenceSession", Session)
        monkeypatch.setattr(ort, "preload_dlls", lambda: None)
        monkeypatch.setattr(ort, "get_available_providers", lambda: here)


@pytest.mark.parametrize(
    ("provider", "device", "behind"),
    [("tensorrt", "cuda", ["cuda", "cpu"]), ("coreml", "cpu", ["cpu"]), ("dml", "cpu", ["cpu"])],
)
def test_others_are_taken_where_the_runtime_has_them_and_what_they_cannot_do_is_left_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
    graphs: tuple[Path, Path],
    provider: Provider,
    device: str,
    behind: list[Execution],
) -> None:
    runtime = Runtime(monkeypatch, "cuda tensorrt coreml dml")
    loaded = load_graphs(*graphs, provider, 0)
    assert [graph.execution for graph in loaded] == [provider, provider]
    assert [graph.device for graph in loaded] == [device, device]
    assert runtime.asked == [[NAMES[one] for one in (provider, *behind) if one != "auto"]] * 2
    assert runtime.options[0].enable_mem_pattern is (provider != "dml")


@pytest.mark.parametrize("provider", ["tensorrt", "coreml", "dml"])
def test_others_that_were_asked_for_must_be_there_and_work(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path], provider: Execution
) -> None:
    Runtime(monkeypatch, "")
    with pytest.raises(ModelError, match=f"has no {label(provider)} provider: it has cpu$"):
        load_graphs(*graphs, provider, 0)
    Runtime(monkeypatch, provider, broken=provider)
    with pytest.raises(ModelError, match=f"the {label(provider)} provider .* cannot be used here"):
        load_graphs(*graphs, provider, 0)


def test_nobody_gets_them_without_asking(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path]
) -> None:
    Runtime(monkeypatch, "tensorrt coreml dml")
    assert devices(load_graphs(*graphs, "auto", 0)) == ["cpu", "cpu"]


def test_tensorrt_has_no_int8_of_this_kind_either(
    monkeypatch: pytest.MonkeyPatch, graphs: tuple[Path, Path]
) -> None:
    Runtime(monkeypatch, "cuda tensorrt")
    graphs[0].write_bytes(b"MatMulInteger")
    with pytest.raises(ModelError, match="INT8"):
        load_graphs(*graphs, "tensorrt", 0)


def test_operators_of_dynamic_int8_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    for content, expected in ((b"", False), (b"MatMul", False), (b"x MatMulInteger y", True)):
        path.write_bytes(content)
        assert is_dynamic_int8(path) is expected


@pytest.mark.parametrize(
    ("machine", "flags", "asked"),
    [
        ("x86_64", "fma avx2", True),
        ("x86_64", "avx2 avx512_vnni", False),
        ("AMD64", "avx2 avx_vnni", False),
        ("aarch64", "asimddp", False),
    ],
)
def test_products_that_do_not_overflow_are_asked_for_where_the_fast_ones_would(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: str, flags: str, asked: bool
) -> None:
    processors = tmp_path / "cpuinfo"
    processors.write_text(f"flags : {flags}\n", encoding="ascii")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr("streamer.onnx.sessions._PROCESSORS", processors)
    session = Graph(embedded_folder() / "encoder.int8.onnx", "cpu", threads=1).session
    options = session.get_session_options()
    if asked:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError, match="x64quantprecision"):
            options.get_session_config_entry("session.x64quantprecision")


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_a_file_that_is_no_graph_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"encoder\.onnx cannot be loaded"):
        Graph(path, "cpu", threads=1)
