"""INT8 that keeps rows apart: how close it is to FP32, and that company never changes a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.engine.features import log_mel
from streamer.engine.onnx import OnnxEngine
from streamer.engine.onnx.batchers import ContinuousBatcher
from streamer.engine.onnx.decoding import Decoded, Request
from streamer.engine.onnx.own import OwnModel
from streamer.engine.onnx.sessions import Graph
from streamer.engine.tokenizer import Tokenizer

if TYPE_CHECKING:
    from tests.export.conftest import Checkpoint

pytest.importorskip("torch", reason="export needs the extra [export]")
pytest.importorskip("transformers", reason="export needs the extra [export]")
onnx = pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.export.graph import save
from streamer.export.int8 import quantise_products
from streamer.export.own import export_own
from streamer.export.published import export_published


def noise(n: int) -> NDArray[np.float32]:
    return (0.1 * np.random.default_rng(n).standard_normal(n)).astype(np.float32)


def recognised(model: OwnModel, eos: int, clips: list[Request]) -> dict[int, Decoded]:
    """What each clip is heard as when all join as soon as there is room."""
    batcher = ContinuousBatcher(model, eos)
    waiting = list(enumerate(clips))
    heard: dict[int, Decoded] = {}
    while len(heard) < len(clips):
        room = batcher.room
        batcher.join(waiting[:room])
        waiting = waiting[room:]
        heard |= batcher.step()
    return heard


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("int8")
    export_own(checkpoint.model, checkpoint.tokens, out, half_storage=False, int8=True, name="tiny")
    return out


@pytest.fixture(scope="module")
def model(folder: Path) -> OwnModel:
    names = ("encoder.int8.onnx", "decoder.int8.onnx")
    encoder, decoder = (Graph(folder / name, "cpu", threads=1) for name in names)
    return OwnModel.of(encoder, decoder)


def test_a_clip_is_encoded_the_same_in_any_company(model: OwnModel) -> None:
    mels = [log_mel(scale * noise(n)) for scale, n in ((1, 16000), (30, 1600), (0.1, 9000))]
    for mel, clip in zip(mels, model.encode(mels), strict=True):
        (alone,) = model.encode([mel])
        for one, other in zip(alone.cross, clip.cross, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_clips_tokens_are_the_same_in_any_company(
    checkpoint: Checkpoint, model: OwnModel
) -> None:
    prompt = Tokenizer.from_file(checkpoint.tokens).prompt("en", punctuation=True)
    clips = [Request(noise(n), prompt) for n in (16000, 1600, 40000, 1760, 24000, 9000)]
    together = recognised(model, checkpoint.eos, clips)
    for i, clip in enumerate(clips):
        assert recognised(model, checkpoint.eos, [clip])[0].tokens == together[i].tokens


def test_plain_dynamic_int8_does_depend_on_company_which_is_why_ours_is_not_that(
    one_checkpoint: Checkpoint, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """One scale for a whole tensor: the usual form, measured beside ours."""
    from onnxruntime.quantization import quantize_dynamic

    plain = tmp_path / "plain"
    export_own(one_checkpoint.model, one_checkpoint.tokens, plain, half_storage=False, name="tiny")
    for stem in ("encoder", "decoder"):
        quantize_dynamic(plain / f"{stem}.onnx", plain / f"{stem}.int8.onnx")
    graphs = [Graph(plain / f"{stem}.int8.onnx", "cpu", 1) for stem in ("encoder", "decoder")]
    model = OwnModel.of(*graphs)
    mels = [log_mel(scale * noise(n)) for scale, n in ((1, 16000), (30, 1600), (0.1, 9000))]
    alone = [next(model.encode([mel])) for mel in mels]
    changed = [
        any(not np.array_equal(a, b) for a, b in zip(one.cross, other.cross, strict=True))
        for one, other in zip(alone, model.encode(mels), strict=True)
    ]
    record_property("clips encoded otherwise in company", f"{sum(changed)} of {len(changed)}")
    assert any(changed)


def product(weight: NDArray[np.float32]) -> Any:
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", 1, ["a", "b", weight.shape[0]])],
        [helper.make_tensor_value_info("y", 1, ["a", "b", weight.shape[1]])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def test_a_product_is_within_a_percent_whatever_the_rows_sizes(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    weight = generator.standard_normal((96, 40)).astype(np.float32)
    weight *= np.geomspace(1e-3, 1e3, 40, dtype=np.float32)  # columns of very different size
    x = generator.standard_normal((3, 5, 96)).astype(np.float32)
    x *= np.geomspace(1e-4, 1e4, 15, dtype=np.float32).reshape(3, 5, 1)
    x[1, 2] = 0
    model, weights = product(weight), {"w": weight}
    quantise_products(model, weights)
    save(model, weights, tmp_path / "product.onnx", {})
    graph = Graph(tmp_path / "product.onnx", "cpu", threads=1)
    (output,) = graph.session.run(None, {"x": x})
    error = np.asarray(output) - x @ weight
    size = np.linalg.norm(x, axis=2, keepdims=True) * np.linalg.norm(weight, axis=0)
    assert np.abs(error).max() / size.max() < 0.01
    assert (np.abs(error) <= 0.01 * size).all()
    assert not np.asarray(output)[1, 2].any()


def test_both_contracts_load_and_say_that_they_are_int8(
    one_checkpoint: Checkpoint, folder: Path, tmp_path: Path
) -> None:
    export_published(
        one_checkpoint.model,
        one_checkpoint.tokens,
        tmp_path,
        half_storage=True,
        int8=True,
        name="tiny",
    )
    for path in (folder, tmp_path):
        info = OnnxEngine.load(path, provider="auto", threads=1).info
        assert (info.precision, info.provider) == ("int8", "cpu")
