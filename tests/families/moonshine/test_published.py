"""Pairs of `.ort` files as the vendor publishes them: a toy, and the real one."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.request import Request
from streamer.families.moonshine.numbers import Numbers
from streamer.families.moonshine.published import DECODER, ENCODER, PublishedModel
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError, ModelError
from streamer.onnx.sessions import Graph
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.families.moonshine.graphs import noise
from tests.families.moonshine.test_family import sample

onnx = pytest.importorskip("onnx", reason="the toy is built with the extra [export]")

from onnx import TensorProto, helper, numpy_helper

SAYS = {1: 259, 259: 260, 260: 261, 261: 2}
"""Which token the toy puts behind which."""
SIZE = max(SAYS) + 1


def write_toy(folder: Path) -> None:
    """Write graphs of the published contract that say three words whatever they hear."""
    folder.mkdir(parents=True, exist_ok=True)
    floats, whole, node = TensorProto.FLOAT, TensorProto.INT64, helper.make_node
    value = helper.make_tensor_value_info
    names = [f"0.{side}.{part}" for side in ("decoder", "encoder") for part in ("key", "value")]
    cache = ["batch", 1, "columns", 4]
    hidden = ["batch", "frames", "width"]
    table = np.zeros(SIZE, np.int64)
    for before, behind in SAYS.items():
        table[before] = behind
    _write(
        folder / ENCODER,
        [node("Unsqueeze", ["input_values", "axes"], ["last_hidden_state"])],
        [value("input_values", floats, ["batch", "samples"])],
        [value("last_hidden_state", floats, hidden)],
        {"axes": np.array([1], np.int64)},
    )
    _write(
        folder / DECODER,
        [
            node("Gather", ["table", "input_ids"], ["next"]),
            node("OneHot", ["next", "depth", "values"], ["logits"]),
            *(node("Identity", [f"past_key_values.{one}"], [f"present.{one}"]) for one in names),
        ],
        [
            value("input_ids", whole, ["batch", "tokens"]),
            value("encoder_hidden_states", floats, hidden),
            *(value(f"past_key_values.{one}", floats, cache) for one in names),
            value("use_cache_branch", TensorProto.BOOL, [1]),
        ],
        [
            value("logits", floats, ["batch", "tokens", SIZE]),
            *(value(f"present.{one}", floats, cache) for one in names),
        ],
        {
            "table": table,
            "depth": np.array(SIZE, np.int64),
            "values": np.array([0, 1], np.float32),
        },
    )
    pieces = [b"<unk>", b"<s>", b"</s>", *(bytes([i]) for i in range(256))]
    pieces += ["\u2581one".encode(), "\u2581two".encode(), b"."]
    (folder / "tokenizer.bin").write_bytes(b"".join(bytes([len(p)]) + p for p in pieces))


def _write(
    path: Path,
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    constants: dict[str, NDArray[Any]],
) -> None:
    """Write a graph in ONNX Runtime's own format."""
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.add_session_config_entry("session.save_model_format", "ORT")
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def test_any_pair_is_served_as_it_is_and_the_faster_way_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "tiny-en"
    write_toy(folder)
    with caplog.at_level(logging.WARNING):
        engine = load_model(folder, provider="cpu", threads=1)
    assert "several times slower" in caplog.text
    assert "`streamer export`" in caplog.text
    assert (engine.info.name, engine.info.languages) == ("tiny-en", ("en",))
    assert not engine.info.word_timings
    clips = [Clip(noise(n), DecodeOptions("en")) for n in (16_000, 32_000, 20_000, 1_000)]
    texts = [hypothesis.text for _, hypothesis in sorted(transcribe(engine, clips))]
    assert texts == ["one two."] * 3 + [""]


def test_a_pair_of_another_contract_is_refused_with_what_does_not_fit(tmp_path: Path) -> None:
    write_toy(tmp_path)
    shutil.copy(tmp_path / ENCODER, tmp_path / DECODER)
    with pytest.raises(ModelError, match="input input_ids is missing"):
        load_model(tmp_path, provider="cpu", threads=1)


def test_the_real_pair_hears_by_itself_what_it_hears_through_our_graphs() -> None:
    try:
        folder = find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))
    numbers = Numbers.published("base")
    encoder, decoder = (Graph(folder / name, "cpu", 1) for name in (ENCODER, DECODER))
    features = SampleFeatures(numbers.tail, numbers.max_seconds)
    model = PublishedModel.of(encoder, decoder, features, numbers.end)
    clip = sample(0, 8.2)
    request = Request(clip.samples, (numbers.prompt,), max_tokens=numbers.max_tokens(8.2))
    ((_, decoded),) = model.recognise([request])
    ((_, heard),) = transcribe(load_model(folder, provider="cpu", threads=1), [clip])
    assert decoded.complete
    tokenizer = Tokenizer.from_file(folder / "tokenizer.bin")
    assert tokenizer.decode(decoded.tokens) == heard.text
