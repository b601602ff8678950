"""Averages of the last checkpoints, compared on clips kept for that."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from tests.models.training import checkpoints
from tests.models.training.audio.shards import ClipEntry, shard_name, write_shard
from tests.models.training.choosing import SHARDS, compared
from tests.models.training.folders import Folders
from tests.models.training.sizes import Size
from tests.models.training.train import Trainer

SMALL = Size(hidden=32, encoder_layers=1, decoder_layers=1, heads=2, positions=256)


def test_one_and_two_checkpoints_are_scored_on_each_split(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checkpoints.SIZES, "tiny", SMALL)
    folders = Folders(tmp_path, "tiny")
    shutil.copytree(Folders(work).vocabulary, folders.vocabulary)
    trainer = Trainer(folders, SMALL)
    for step in (1, 2):
        trainer.step = step
        trainer.save(keep=True)
    sound = np.random.default_rng(1).integers(-3000, 3000, 8000).astype(np.int16)
    entries = [ClipEntry("Good day.", "flite:slt", "g", 8000 * i, 8000) for i in range(2)]
    for shard in SHARDS:
        write_shard(folders.choice, shard_name(*shard), entries, [sound, sound])
    (first, scores), (second, _) = compared(folders, 2)
    assert [p.stem for p in first] == ["step-000002"]
    assert [p.stem for p in second] == ["step-000001", "step-000002"]
    assert scores.keys() == {"seen", "unseen"}
    assert all(wer >= 0 for wer in scores.values())
