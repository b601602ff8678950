"""From checkpoints to the folder that the server loads: average, round to FP16, export."""

from pathlib import Path

import torch

from streamer.export.checkpoint import Contract
from streamer.export.own import export_own
from streamer.export.published import export_published, round_to_half
from streamer.training import vocabulary
from streamer.training.model import DEFAULT, TrainedModel
from streamer.training.train import Folders

MODEL_NAME = "streamer-embedded-en"


def average(paths: list[Path]) -> dict[str, torch.Tensor]:
    """The mean of several checkpoints' weights. Raises ValueError for none."""
    if not paths:
        raise ValueError("there is no checkpoint to average")
    total: dict[str, torch.Tensor] = {}
    for path in paths:
        weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["model"]
        for name, value in weights.items():
            total[name] = total[name] + value.double() if name in total else value.double()
    return {name: (value / len(paths)).to(torch.float32) for name, value in total.items()}


def last_checkpoints(folders: Folders, count: int) -> list[Path]:
    """The newest ``count`` kept checkpoints, or the last state where none was kept yet."""
    kept = sorted(folders.checkpoints.glob("step-*.pt"))[-count:]
    return kept or [folders.last]


def publish(folders: Folders, out: Path, *, checkpoints: int, contract: Contract) -> TrainedModel:
    """Writes encoder.onnx, decoder.onnx and tokens.txt to ``out``; returns the averaged model.

    The package holds our own contract, which the engine is fastest with. The published one is for
    comparing with other runtimes on the same weights.
    """
    model = averaged_model(folders, checkpoints)
    round_to_half(model.asr)
    tokens = folders.vocabulary / "tokens.txt"
    export = export_own if contract == "own" else export_published
    export(model.asr, tokens, out, half_storage=True, name=MODEL_NAME, demonstration=True)
    return model


def averaged_model(folders: Folders, checkpoints: int) -> TrainedModel:
    """The mean of the last checkpoints, ready to run."""
    model = TrainedModel(DEFAULT, vocabulary.Vocabulary(folders.vocabulary).size)
    weights = average(last_checkpoints(folders, checkpoints))
    integers = {n: v for n, v in model.state_dict().items() if not v.is_floating_point()}
    model.load_state_dict(weights | integers)
    return model.eval()
