"""From a checkpoint to a folder that the server loads."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from streamer.decoding.batched_engine import transcribe
from streamer.families.registry import load_model
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.models.training import checkpoints
from tests.models.training.folders import Folders
from tests.models.training.publish import publish
from tests.models.training.sizes import Size
from tests.models.training.targets import Target
from tests.models.training.train import Trainer

SMALL = Size(hidden=32, encoder_layers=1, decoder_layers=1, heads=2, positions=64)


def test_a_size_without_checkpoints_cannot_be_published(work: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train that size first"):
        publish(Folders(work, "tiny"), Target(tmp_path, tmp_path / "published"), checkpoints=1)


def test_both_contracts_are_written_and_hear_the_same(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checkpoints.SIZES, "tiny", SMALL)
    folders = Folders(tmp_path / "work", "tiny")
    shutil.copytree(Folders(work).vocabulary, folders.vocabulary)
    Trainer(folders, SMALL).save()
    out = tmp_path / "model"
    out.mkdir()
    (out / "encoder.onnx").write_bytes(b"an older model")
    target = Target(out, tmp_path / "published")
    publish(folders, target, checkpoints=1)
    assert sorted(p.name for p in out.iterdir()) == [
        "decoder.int8.onnx",
        "encoder.int8.onnx",
        "tokens.txt",
    ]
    sound = np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * 0.1
    heard: list[str] = []
    for folder in (target.own, target.published):
        engine = load_model(folder, threads=1)
        assert engine.info.name == "streamer-embedded-en-tiny"
        assert engine.info.demonstration
        ((_, hypothesis),) = transcribe(engine, [Clip(sound, DecodeOptions("en"))])
        heard.append(hypothesis.text)
    assert heard[0] == heard[1]
