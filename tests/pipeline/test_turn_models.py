"""Turn models from folders, and the published one where its file is here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streamer.audio.files import AudioFile
from streamer.cli.demo import sample_path
from streamer.models.assets import find
from streamer.models.catalogue import SMART_TURN
from streamer.models.errors import AssetMissingError, ModelError
from streamer.pipeline.turn_models import OnnxTurnModel, load_turn_model
from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.models.contract import GRAPH, NUMBERS
from streamer.turns.models.smart_turn import CONTRACT
from tests.turns.models.test_contract import NUMBERS as VALUES


def write_folder(folder: Path, bands: int = 80, scale: float = 0.0, **changes: Any) -> Path:
    """Write a model that answers sigmoid(scale x mean of its features)."""
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["input_features"], ["mean"], axes=[1, 2], keepdims=0),
        node("Reshape", ["mean", "column"], ["means"]),
        node("Mul", ["means", "scale"], ["scaled"]),
        node("Sigmoid" if "output" not in changes else "Identity", ["scaled"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("input_features", floats, ["n", bands, 800])],
        [helper.make_tensor_value_info("logits", floats, ["n", 1])],
        [
            helper.make_tensor("column", onnx.TensorProto.INT64, [2], [-1, 1]),
            helper.make_tensor("scale", floats, [], [scale]),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    folder.mkdir(exist_ok=True)
    onnx.save(made, folder / GRAPH)
    (folder / NUMBERS).write_text(json.dumps(VALUES | changes))
    return folder


def test_a_folder_with_its_contract_is_a_turn_model(tmp_path: Path) -> None:
    model = load_turn_model(str(write_folder(tmp_path)))
    assert model.info.name == "mine-1"
    assert model.probability(np.ones(16_000, np.float32)) == 0.5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"bands": 64}, "in dimension 1, not 80"),
        ({"input": "features"}, "input features is missing"),
        ({"thresholds": {}}, r"turn\.json: thresholds\.auto"),
        ({"output": "logits", "scale": 100.0}, "no probability"),
    ],
)
def test_a_folder_that_does_not_keep_it_is_refused(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    folder = write_folder(tmp_path, **changes)
    with pytest.raises(ModelError, match=told):
        load_turn_model(str(folder))


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no turn\.onnx and no turn\.json"):
        load_turn_model(str(tmp_path))
    with pytest.raises(ModelError, match=r"neither a folder nor .*smart-turn"):
        load_turn_model("smart-turner")


def test_the_published_model_is_told_how_to_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(AssetMissingError, match="streamer models pull smart-turn"):
        load_turn_model("smart-turn")


@pytest.fixture(scope="session")
def smart_turn() -> OnnxTurnModel:
    try:
        folder = find(SMART_TURN)
    except AssetMissingError:
        pytest.skip("needs `streamer models pull smart-turn`")
    return OnnxTurnModel(folder / SMART_TURN.members[0].name, CONTRACT)


@pytest.mark.parametrize(
    ("second", "finished"), [(8.0, True), (13.25, True), (20.25, True), (7.0, False), (14.5, False)]
)
def test_smart_turn_tells_the_ends_of_sentences_from_their_middles(
    smart_turn: OnnxTurnModel, second: float, finished: bool
) -> None:
    audio = AudioFile(sample_path(), SAMPLE_RATE)
    until = np.concatenate(list(audio.blocks(1.0)))[: int(second * SAMPLE_RATE)]
    probability = smart_turn.probability(until)
    assert probability > 0.9 if finished else probability < 0.1
