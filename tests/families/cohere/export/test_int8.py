"""INT8 by rows and by calls: how close to FP32, and that company never changes a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.decoding.request import Request
from streamer.families.cohere.features import log_mel
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.onnx.sessions import Graph
from tests.families.cohere.export.recognising import Ragged, noise, recognised

if TYPE_CHECKING:
    from tests.families.cohere.export.conftest import Checkpoint

pytest.importorskip("torch", reason="export needs the extra [export]")
pytest.importorskip("transformers", reason="export needs the extra [export]")
onnx = pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.export.graph import Weights, save
from streamer.export.int8 import quantise_by_calls, quantise_by_rows
from streamer.export.writing import BOTH
from streamer.families.cohere.export.published import export_published
from streamer.families.cohere.export.ragged import export_ragged


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("int8")
    export_ragged(
        checkpoint.model, checkpoint.tokens, out, half_storage=False, int8=BOTH, name="tiny"
    )
    return out


@pytest.fixture(scope="module")
def model(folder: Path) -> Ragged:
    names = ("encoder.int8.onnx", "decoder.int8.onnx")
    encoder, decoder = (Graph(folder / name, "cpu", threads=1) for name in names)
    return Ragged.of(encoder, decoder)


@pytest.fixture(scope="module")
def mels() -> list[NDArray[np.float32]]:
    """Three clips, equally long and anything but equally loud."""
    return [log_mel(scale * noise(8000)) * scale for scale in (1, 30, 0.1)]


def test_by_rows_a_clip_is_encoded_the_same_in_any_company(
    one_checkpoint: Checkpoint, mels: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    export_published(
        one_checkpoint.model,
        one_checkpoint.tokens,
        tmp_path,
        half_storage=False,
        int8=BOTH,
        name="tiny",
    )
    encoder = Graph(tmp_path / "encoder.int8.onnx", "cpu", threads=1).session
    together = [np.asarray(part) for part in encoder.run(None, {"mel": np.stack(mels)})]
    for place, mel in enumerate(mels):
        alone = [np.asarray(part) for part in encoder.run(None, {"mel": mel[np.newaxis]})]
        for one, all_three in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[:, 0], all_three[:, place])


def test_by_calls_it_is_not_which_is_why_a_call_encodes_one_clip(
    model: Ragged,
    record_property: Callable[[str, object], None],
) -> None:
    clips = [Request(scale * noise(8000), [1]) for scale in (1, 30, 0.1)]
    alone = [model.encoder.encode([one])[0] for one in clips]
    changed = [
        any(not np.array_equal(a, b) for a, b in zip(one.cross, other.cross, strict=True))
        for one, other in zip(alone, model.encoder.encode(clips), strict=True)
    ]
    record_property("clips encoded otherwise in company", f"{sum(changed)} of {len(changed)}")
    assert any(changed)


def test_a_clips_tokens_are_the_same_in_any_company(checkpoint: Checkpoint, model: Ragged) -> None:
    prompt = Tokenizer.from_file(checkpoint.tokens).prompt("en", punctuation=True)
    clips = [Request(noise(n), prompt) for n in (16000, 1600, 40000, 1760, 24000, 9000)]
    together = recognised(model, checkpoint.eos, clips)
    for i, clip in enumerate(clips):
        assert recognised(model, checkpoint.eos, [clip])[0].tokens == together[i].tokens


def product(weight: NDArray[np.float32]) -> Any:
    """Make the graph y = (b + x · w) + b, where only the first sum can become part of a product."""
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["z"]),
            helper.make_node("Add", ["b", "z"], ["s"]),
            helper.make_node("Add", ["s", "b"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", 1, ["a", "b", weight.shape[0]])],
        [helper.make_tensor_value_info("y", 1, ["a", "b", weight.shape[1]])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@dataclass(frozen=True)
class Case:
    x: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def error(
        self, quantise: Callable[[Any, Weights], None], folder: Path
    ) -> tuple[NDArray[np.float32], list[str]]:
        """How far from exact each result is, and the operators that it took."""
        model = product(self.weight)
        weights: Weights = {"w": self.weight, "b": self.bias}
        quantise(model, weights)
        save(model, weights, folder / "product.onnx", {})
        session = Graph(folder / "product.onnx", "cpu", threads=1).session
        output = np.asarray(session.run(None, {"x": self.x})[0])
        exact = self.x @ self.weight + 2 * self.bias
        return output - exact, [n.op_type for n in model.graph.node]


@pytest.fixture
def case() -> Case:
    """Rows and columns of very different size, and a row of zeros."""
    generator = np.random.default_rng(2)
    weight = generator.standard_normal((96, 40)).astype(np.float32)
    weight *= np.geomspace(1e-3, 1e3, 40, dtype=np.float32)
    x = generator.standard_normal((3, 5, 96)).astype(np.float32)
    x *= np.geomspace(1e-4, 1e4, 15, dtype=np.float32).reshape(3, 5, 1)
    x[1, 2] = 0
    return Case(x, weight, np.zeros(40, np.float32))


def test_by_rows_a_product_is_within_a_percent_whatever_the_rows_sizes(
    case: Case, tmp_path: Path
) -> None:
    error, _ = case.error(quantise_by_rows, tmp_path)
    size = np.linalg.norm(case.x, axis=2, keepdims=True) * np.linalg.norm(case.weight, axis=0)
    assert (np.abs(error) <= 0.01 * size).all()
    assert not error[1, 2].any()


def test_by_calls_a_product_is_within_a_percent_of_the_largest_row(
    case: Case, tmp_path: Path
) -> None:
    bias = np.linspace(-1, 1, 40, dtype=np.float32)
    error, operators = replace(case, bias=bias).error(quantise_by_calls, tmp_path)
    size = np.linalg.norm(case.x, axis=2).max() * np.linalg.norm(case.weight, axis=0)
    assert (np.abs(error) <= 0.01 * size).all()
    assert operators == ["DynamicQuantizeMatMul", "Add"]


def test_both_contracts_load_and_say_that_they_are_int8(
    one_checkpoint: Checkpoint, folder: Path, tmp_path: Path
) -> None:
    export_published(
        one_checkpoint.model,
        one_checkpoint.tokens,
        tmp_path,
        half_storage=True,
        int8=BOTH,
        name="tiny",
    )
    for path in (folder, tmp_path):
        info = load_model(path, provider="auto", threads=1).info
        assert (info.precision, info.provider) == ("int8", "cpu")
