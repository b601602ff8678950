"""What is wrong with a model folder is said in full."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.models.folder import ModelFolder
from streamer.onnx.sessions import Graph, Tensor
from streamer.onnx.signature import check

FLOAT = "tensor(float)"
INPUTS = {"mel": (FLOAT, ("*batch", 128, "*frames"))}
OUTPUTS = {"keys": (FLOAT, ("layers", "*batch", "width")), "values": (FLOAT, ("layers", "*b", 8))}


def graph(inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> Graph:
    described = SimpleNamespace(path=Path("encoder.onnx"), inputs=inputs, outputs=outputs)
    return cast("Graph", described)


def good() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return (
        {"mel": Tensor(FLOAT, ("batch", 128, "frames"))},
        {"keys": Tensor(FLOAT, (4, None, 16)), "values": Tensor(FLOAT, (4, None, 8))},
    )


def test_a_graph_that_keeps_the_contract_gives_its_sizes() -> None:
    assert check(graph(*good()), INPUTS, OUTPUTS) == {"layers": 4, "width": 16}


def test_a_number_of_the_contract_may_be_left_open() -> None:
    inputs, outputs = good()
    inputs["mel"] = Tensor(FLOAT, ("batch", "bins", "frames"))
    assert check(graph(inputs, outputs), INPUTS, OUTPUTS)["layers"] == 4


@pytest.mark.parametrize(
    ("side", "name", "tensor", "message"),
    [
        ("in", "mel", None, "input mel is missing"),
        ("in", "length", Tensor("tensor(int64)", (None,)), "input length is unknown"),
        ("in", "mel", Tensor(FLOAT, (1, 80, None)), "input mel has 80 in dimension 1, not 128"),
        ("in", "mel", Tensor("tensor(float16)", (1, 128, None)), r"is tensor\(float16\), not"),
        ("in", "mel", Tensor(FLOAT, (1, 128)), "input mel has 2 dimensions, not 3"),
        ("out", "keys", None, "output keys is missing"),
        ("out", "keys", Tensor(FLOAT, (4, 1, "w")), "output keys leaves dimension 2 open"),
        ("out", "values", Tensor(FLOAT, (5, 1, 8)), "output values has 5 in dimension 0, not 4"),
    ],
)
def test_a_difference_is_named(side: str, name: str, tensor: Tensor | None, message: str) -> None:
    inputs, outputs = good()
    changed = inputs if side == "in" else outputs
    if tensor is None:
        del changed[name]
    else:
        changed[name] = tensor
    with pytest.raises(ModelError, match=f"encoder.onnx does not keep.*{message}"):
        check(graph(inputs, outputs), INPUTS, OUTPUTS)


def test_all_differences_come_in_one_message() -> None:
    with pytest.raises(ModelError, match="mel is missing; output keys is missing; output values"):
        check(graph({}, {}), INPUTS, OUTPUTS)


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def test_the_published_names_are_found(tmp_path: Path) -> None:
    names = ("encoder.int8.onnx", "encoder.int8.onnx.data", "decoder.int8.onnx", "tokens.txt")
    found = ModelFolder.find(make(tmp_path, *names))
    assert found.encoder.name == "encoder.int8.onnx"
    assert found.decoder.name == "decoder.int8.onnx"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "has no tokens.txt"),
        (("tokens.txt",), r"has no encoder\*.onnx"),
        (("tokens.txt", "encoder.onnx"), r"has no decoder\*.onnx"),
        (
            ("tokens.txt", "encoder.onnx", "encoder.int8.onnx", "decoder.onnx"),
            "holds encoder.int8.onnx and encoder.onnx: keep the one to serve",
        ),
    ],
)
def test_a_folder_without_a_clear_model_is_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        ModelFolder.find(make(tmp_path, *names))


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere is not a folder"):
        load_model(tmp_path / "nowhere")
