"""The training loop: resumable by step, validated by what is served, greedy attention decoding."""

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

from tests.models.training import losses, stages, vocabulary
from tests.models.training.batches import Batch, BatchMaker, stream
from tests.models.training.checkpoints import kept_weights, last_checkpoints
from tests.models.training.disturbance import corrupted, masked, warped
from tests.models.training.folders import Folders
from tests.models.training.log import RunLog
from tests.models.training.model import TrainedModel
from tests.models.training.optimisers import optimisers
from tests.models.training.shrinking import shrunk
from tests.models.training.sizes import DEFAULT, SIZES, Size
from tests.models.training.stages import Stage
from tests.models.training.validation import validate, validation_rows

SAVE_STEPS = 250
LOG_STEPS = 50
KEEP_STEPS = 250
_CLIP_NORM = 3.0


class Trainer:
    """A model, its optimiser and its step."""

    def __init__(
        self,
        folders: Folders,
        size: Size = DEFAULT,
        plan: tuple[Stage, ...] = stages.STAGES,
        start: dict[str, Tensor] | None = None,
    ) -> None:
        """Goes on from the folders' last state, else begins with ``start``, else at random."""
        self._folders, self._plan = folders, plan
        self.words = vocabulary.Vocabulary(folders.vocabulary)
        torch.manual_seed(1)
        self.device = _device()
        self.model = TrainedModel(size, self.words.size).to(self.device)
        self._optimisers = optimisers(self.model)
        self.step = 0
        if folders.last.exists():
            self._load(folders.last)
        elif start is not None:
            self.model.load_state_dict(start)

    def train_step(self, batch: Batch) -> dict[str, float]:
        """One step; returns the losses, unweighted. Raises ValueError after the last stage."""
        found = stages.at(self.step, self._plan)
        if found is None:
            raise ValueError(f"step {self.step} is after the last stage")
        stage, done = found
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = stages.learning_rate(self.step, stage, done)
        self.model.train()
        self.model.dropout = stage.dropout
        torch.manual_seed(self.step)
        values = self._losses(batch, stage)
        nothing = torch.zeros((), device=self.device)
        loss = sum((weight * value for weight, value in values.values()), nothing)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        if distributed.is_initialized():
            _share_gradients(self.model)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP_NORM)
        if bool(torch.isfinite(norm)):
            for optimiser in self._optimisers:
                optimiser.step()
        self.step += 1
        return {name: float(value.detach()) for name, (_, value) in values.items()}

    def _losses(self, batch: Batch, stage: Stage) -> dict[str, tuple[float, Tensor]]:
        features, frames = torch.from_numpy(batch.features), torch.from_numpy(batch.frames)
        if stage.warped:
            features = warped(features, stage.warped)
        if stage.masked:
            features = masked(features, frames, stage.masked)
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            encoded, valid = self.model.encode(features.to(self.device), frames.to(self.device))
        encoded = encoded.float()
        log_probs = self.model.ctc(encoded).log_softmax(-1)
        out = {"ctc": (stage.ctc, losses.ctc_loss(log_probs, valid, batch))}
        if not stage.attention:
            return out
        inputs = corrupted(
            torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets), stage, self.words.size
        )
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits, attentions = self.model.decode(inputs.to(self.device), encoded, valid)
        out["attention"] = (stage.attention, losses.attention_loss(logits, batch, stage.smoothing))
        if stage.guide:
            said = log_probs.detach().cpu().numpy()
            windows = losses.guide_windows(said, valid.sum(1).cpu().numpy(), batch)
            out["guide"] = (stage.guide, losses.guide_loss(attentions, windows))
        return out

    def save(self, *, keep: bool = False) -> None:
        """Writes the last state, and every `KEEP_STEPS` or on demand weights that are kept."""
        self._folders.checkpoints.mkdir(parents=True, exist_ok=True)
        state = {
            "model": self.model.state_dict(),
            "step": self.step,
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }
        _write(state, self._folders.last)
        if keep or self.step % KEEP_STEPS == 0:
            kept = {"model": self.model.state_dict(), "step": self.step}
            _write(kept, self._folders.checkpoints / f"step-{self.step:06d}.pt")

    def _load(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimiser, kept in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.step = state["step"]


def _share_gradients(model: TrainedModel) -> None:
    """Replaces every gradient by its mean over the processes, in one message."""
    for p in model.parameters():
        if p.grad is None:
            p.grad = torch.zeros_like(p)  # a loss that this process's batch does not have
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def _write(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def beginning(folders: Folders) -> dict[str, Tensor] | None:
    """What a new run of a size begins with: for a smaller one, layers of the default's last."""
    if folders.size == "default" or folders.last.exists():
        return None
    trained = last_checkpoints(Folders(folders.work), 1)
    return shrunk(kept_weights(trained[0]), DEFAULT, SIZES[folders.size])


def run(folders: Folders, *, processes: int, until: int | None = None) -> None:
    """Trains from the last checkpoint to the end of the plan, or to step ``until``.

    Each process has one thread and its own batches, and they share gradients: on two free cores
    that was 1.5 times as fast as two threads in one process. With a GPU there is one process, for
    which so many others make batches.
    """
    if _device().type == "cuda":
        _run(0, folders, 1, until, makers=processes)
    elif processes == 1:
        _run(0, folders, 1, until)
    else:
        spawn(_run, (folders, processes, until), nprocs=processes)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _run(rank: int, folders: Folders, processes: int, until: int | None, makers: int = 1) -> None:
    torch.set_num_threads(1)
    if processes > 1:
        meeting = (folders.work / f"meeting-{os.getppid()}").resolve().as_uri()
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    plan = stages.PLANS[folders.size]
    trainer = Trainer(folders, SIZES[folders.size], plan, beginning(folders))
    splits = ("seen", "unseen")[rank::processes]
    validation = {split: validation_rows(folders.shards, split) for split in splits}
    maker = BatchMaker(folders.shards, folders.vocabulary, rank, plan)
    steps = stages.total(plan)
    with RunLog(folders.log, trainer.step, steps, processes, visible=rank == 0) as log:
        for batch in stream(maker, trainer.step, makers):
            log.add(trainer.train_step(batch), batch.seconds)
            if trainer.step % SAVE_STEPS == 0:
                if rank == 0:
                    trainer.save()
                scores = {
                    n: validate(trainer.model, trainer.words, rows)
                    for n, rows in validation.items()
                }
                log.write(trainer.step, scores)
            elif trainer.step % LOG_STEPS == 0 and rank == 0:
                log.write(trainer.step, {})
            if until is not None and trainer.step >= until:
                break
        if rank == 0:
            trainer.save(keep=True)
