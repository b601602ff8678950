"""Kept weights: found, averaged, loaded."""

from pathlib import Path

import torch
from torch import Tensor

from tests.models.training import vocabulary
from tests.models.training.folders import Folders
from tests.models.training.model import TrainedModel
from tests.models.training.sizes import SIZES


def average(paths: list[Path]) -> dict[str, Tensor]:
    """The mean of several checkpoints' weights. Raises ValueError for none."""
    if not paths:
        raise ValueError("there is no checkpoint to average")
    total: dict[str, Tensor] = {}
    for path in paths:
        weights = kept_weights(path)
        for name, value in weights.items():
            total[name] = total[name] + value.double() if name in total else value.double()
    return {name: (value / len(paths)).to(torch.float32) for name, value in total.items()}


def kept_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a checkpoint, wherever it was trained."""
    return torch.load(path, map_location="cpu", weights_only=True)["model"]


def last_checkpoints(folders: Folders, count: int) -> list[Path]:
    """The newest ``count`` kept checkpoints, or the last state where none was kept yet.

    Raises FileNotFoundError where nothing was trained yet.
    """
    kept = sorted(folders.checkpoints.glob("step-*.pt"))[-count:]
    if not kept and not folders.last.exists():
        raise FileNotFoundError(f"no checkpoint in {folders.checkpoints}: train that size first")
    return kept or [folders.last]


def averaged_model(folders: Folders, checkpoints: int) -> TrainedModel:
    """The mean of the last checkpoints of the folders' size, ready to run."""
    model = TrainedModel(SIZES[folders.size], vocabulary.Vocabulary(folders.vocabulary).size)
    weights = average(last_checkpoints(folders, checkpoints))
    integers = {n: v for n, v in model.state_dict().items() if not v.is_floating_point()}
    model.load_state_dict(weights | integers)
    return model.eval()
