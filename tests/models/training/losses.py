"""The losses: CTC on the encoder, cross-entropy on the decoder, a guide for its attention."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tests.models.training.alignment import forced_alignment
from tests.models.training.batches import Batch

_REACH = 4
"""Encoder frames around a piece's own characters within which attention is right: 160 ms."""
_GUIDED_HEADS = 2


def ctc_loss(log_probs: Tensor, valid: Tensor, batch: Batch) -> Tensor:
    """Per label. ``log_probs`` (B, S, C)."""
    loss = functional.ctc_loss(
        log_probs.transpose(0, 1),
        torch.from_numpy(batch.labels).to(log_probs.device),
        valid.sum(1),
        torch.from_numpy(batch.label_sizes).to(log_probs.device),
        reduction="none",
        zero_infinity=True,
    )
    return loss.sum() / max(1, int(batch.label_sizes.sum()) + len(loss))


def attention_loss(logits: Tensor, batch: Batch, smoothing: float) -> Tensor:
    """Per target. ``logits`` (B, L, V)."""
    return functional.cross_entropy(
        logits.float().flatten(0, 1),
        torch.from_numpy(batch.targets).flatten().to(logits.device),
        ignore_index=-100,
        label_smoothing=smoothing,
    )


def guide_windows(
    log_probs: NDArray[np.float32], frames: NDArray[np.int64], batch: Batch
) -> NDArray[np.bool_]:
    """(B, L, S): the encoder frames that each target may look at; all False for one not guided."""
    times = forced_alignment(log_probs, frames, batch.labels, batch.label_sizes)
    start, end = batch.spans[..., 0], batch.spans[..., 1]
    last = np.maximum(end - 1, 0)
    first_frame = np.take_along_axis(times, np.minimum(start, times.shape[1] - 1), 1)
    last_frame = np.take_along_axis(times, last, 1)
    guided = (end > start) & (first_frame >= 0) & (last_frame >= 0)
    position = np.arange(log_probs.shape[1])
    inside = (position >= first_frame[..., None] - _REACH) & (
        position <= last_frame[..., None] + _REACH
    )
    return inside & guided[..., None]


def guide_loss(attentions: list[Tensor], windows: NDArray[np.bool_]) -> Tensor:
    """Minus the log of the attention that falls into the windows, for some heads of each layer."""
    allowed = torch.from_numpy(windows).to(attentions[0].device)
    guided = allowed.any(-1)
    if not bool(guided.any()):
        return attentions[0].new_zeros(())
    total = attentions[0].new_zeros(())
    for weights in attentions:
        mass = (weights[:, :_GUIDED_HEADS] * allowed[:, None]).sum(-1)  # (B, heads, L)
        total = total - (mass + 1e-4).log().mean(1)[guided].mean()
    return total / len(attentions)
