"""A smaller model begins as some layers of a larger one."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from tests.models.training.folders import Folders
from tests.models.training.model import TrainedModel
from tests.models.training.shrinking import shrunk, spread
from tests.models.training.sizes import Size
from tests.models.training.train import Trainer

LARGE = Size(hidden=32, encoder_layers=4, decoder_layers=3, heads=2, positions=64)
SMALL = Size(hidden=32, encoder_layers=2, decoder_layers=2, heads=2, positions=64)


@pytest.mark.parametrize(
    ("deep", "shallow", "kept"), [(6, 3, [0, 2, 5]), (3, 2, [0, 2]), (4, 4, [0, 1, 2, 3])]
)
def test_the_first_and_the_last_layer_are_kept(deep: int, shallow: int, kept: list[int]) -> None:
    assert spread(deep, shallow) == kept


@pytest.mark.parametrize("shallow", [1, 5])
def test_layers_that_are_not_there_cannot_be_kept(shallow: int) -> None:
    with pytest.raises(ValueError, match="2 to 4 can be kept"):
        spread(4, shallow)


def test_kept_layers_and_all_else_are_the_large_models(work: Path) -> None:
    large = TrainedModel(LARGE, 430).state_dict()
    small = shrunk(large, LARGE, SMALL)
    assert small.keys() == TrainedModel(SMALL, 430).state_dict().keys()
    stack = "asr.model.encoder.layers"
    name = "feed_forward1.linear1.weight"
    assert torch.equal(small[f"{stack}.1.{name}"], large[f"{stack}.3.{name}"])
    assert torch.equal(small["ctc.weight"], large["ctc.weight"])


def test_a_run_begins_with_the_weights_that_it_is_given(work: Path) -> None:
    folders = Folders(work, "tiny")
    size = Trainer(folders, SMALL).words.size
    start = shrunk(TrainedModel(LARGE, size).state_dict(), LARGE, SMALL)
    begun = Trainer(folders, SMALL, start=start)
    assert torch.equal(begun.model.ctc.weight, start["ctc.weight"])


def test_each_size_has_checkpoints_of_its_own() -> None:
    default, tiny = Folders(Path("w")), Folders(Path("w"), "tiny")
    assert default.shards == tiny.shards
    assert default.last != tiny.last
    assert default.log != tiny.log
