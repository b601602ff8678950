"""Batches, losses and the loop: the same whether a run was interrupted or not."""

import shutil
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from tests.models.training import losses, stages, vocabulary
from tests.models.training.audio.augment import Augmentation
from tests.models.training.batches import Batch, BatchMaker, stream
from tests.models.training.checkpoints import average
from tests.models.training.disturbance import corrupted, masked
from tests.models.training.folders import Folders
from tests.models.training.sizes import Size
from tests.models.training.stages import Stage
from tests.models.training.train import Trainer

TINY = Size(hidden=32, encoder_layers=1, decoder_layers=1, heads=2, positions=128)
PLAN = (
    Stage("first", 2, 4.0, 8, 1e-3, 1e-3, ctc=1.0),
    Stage(
        "second", 4, 8.0, 10, 1e-3, 0.0, ctc=0.3, attention=1.0, guide=0.2, joined=0.5,
        corrupted=0.1, masked=0.5, augmentation=Augmentation(noise=1.0),
    ),
)  # fmt: skip


@pytest.fixture
def maker(work: Path) -> BatchMaker:
    folders = Folders(work)
    return BatchMaker(folders.shards, folders.vocabulary, 1, PLAN)


def test_a_batch_depends_on_its_step_alone(work: Path, maker: BatchMaker) -> None:
    folders = Folders(work)
    again = BatchMaker(folders.shards, folders.vocabulary, 1, PLAN)
    maker.batch(0)
    first, second = maker.batch(3), again.batch(3)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.targets, second.targets)


def test_batches_end_with_the_plan(maker: BatchMaker) -> None:
    assert maker.batch(5) is not None
    assert maker.batch(6) is None


def test_targets_are_the_inputs_one_step_later_and_end_with_the_end_token(
    maker: BatchMaker,
) -> None:
    batch = _batch(maker, 2)
    for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
        told = targets[targets >= 0]
        assert told[-1] == vocabulary.END
        assert inputs[10 : 10 + len(told) - 1].tolist() == told[:-1].tolist()
        assert (targets[:9] == -100).all()


def test_a_stopped_and_resumed_run_takes_the_same_steps(
    work: Path, tmp_path: Path, maker: BatchMaker
) -> None:
    shutil.copytree(Folders(work).vocabulary, Folders(tmp_path).vocabulary)
    straight = Trainer(Folders(tmp_path), TINY, PLAN)
    for step in range(2):
        straight.train_step(_batch(maker, step))
    straight.save()
    resumed = Trainer(Folders(tmp_path), TINY, PLAN)
    assert resumed.step == 2
    for step in range(2, 4):
        batch = _batch(maker, step)
        assert straight.train_step(batch) == resumed.train_step(batch)


def test_the_learning_rate_warms_up_and_ends_where_the_stage_says() -> None:
    stage = PLAN[1]
    assert stages.learning_rate(0, stage, 0.0) < 1e-5
    assert stages.learning_rate(10_000, stage, 0.5) == pytest.approx(5e-4)
    assert stages.at(2, PLAN) == (stage, 0.0)
    assert stages.at(stages.total(PLAN), PLAN) is None


def test_corruption_leaves_the_prompt_and_the_padding(maker: BatchMaker) -> None:
    batch = _batch(maker, 2)
    inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)
    changed = corrupted(inputs, targets, Stage("x", 1, 1, 1, 1, 1, ctc=1, corrupted=1.0), 400)
    assert torch.equal(changed[:, :10], inputs[:, :10])
    assert torch.equal(changed[inputs == vocabulary.PAD], inputs[inputs == vocabulary.PAD])
    assert not torch.equal(changed, inputs)


def test_masking_hides_some_of_a_row_and_changes_nothing_in_place() -> None:
    torch.manual_seed(1)
    features = torch.ones(3, 300, 128)
    hidden = masked(features, torch.tensor([300, 300, 200]), 1.0)
    assert float(features.min()) == 1
    assert 0 < float((hidden == 0).float().mean()) < 0.7


def test_the_guide_is_content_with_attention_on_the_spoken_frames(maker: BatchMaker) -> None:
    batch = _batch(maker, 2)
    rows, width = batch.inputs.shape
    windows = np.zeros((rows, width, 20), bool)
    windows[:, 9, 5:8] = True
    right = torch.zeros(rows, 2, width, 20)
    right[..., 6] = 1
    wrong = torch.zeros(rows, 2, width, 20)
    wrong[..., 15] = 1
    assert float(losses.guide_loss([right], windows)) < 0.01
    assert float(losses.guide_loss([wrong], windows)) > 5


def test_checkpoints_are_averaged_weight_by_weight(tmp_path: Path) -> None:
    for i, value in enumerate((1.0, 3.0)):
        torch.save({"model": {"w": torch.full((2,), value)}}, tmp_path / f"{i}.pt")
    mean = average([tmp_path / "0.pt", tmp_path / "1.pt"])
    assert mean["w"].tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="no checkpoint"):
        average([])


@pytest.mark.parametrize("makers", [1, 3])
def test_a_slow_trainer_gets_every_batch_of_the_plan_in_order(
    maker: BatchMaker, makers: int
) -> None:
    def train() -> None:
        for batch in stream(maker, 0, makers):
            time.sleep(0.1)  # the makers are done long before
            seen.append(batch.seconds)

    seen: list[float] = []
    trainer = Thread(target=train, daemon=True)
    trainer.start()
    trainer.join(timeout=60)
    assert seen == [_batch(maker, step).seconds for step in range(stages.total(PLAN))]


def _batch(maker: BatchMaker, step: int) -> Batch:
    batch = maker.batch(step)
    assert batch is not None
    return batch
