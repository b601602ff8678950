"""What training does to a batch at random: features hidden or warped, fed text corrupted."""

import torch
from torch import Tensor

from tests.models.training import vocabulary
from tests.models.training.stages import Stage

_LEAST_WARP, _MOST_WARP = 0.88, 1.14


def masked(features: Tensor, frames: Tensor, share: float) -> Tensor:
    """SpecAugment: in ``share`` of the rows, two bands of bins and some stretches become zero."""
    features = features.clone()
    for row, length in zip(features, frames.tolist(), strict=True):
        if float(torch.rand(())) >= share:
            continue
        for _ in range(2):
            width = int(torch.randint(0, 24, ()))
            start = int(torch.randint(0, row.shape[1] - width, ()))
            row[:, start : start + width] = 0
        for _ in range(1 + length // 250):
            width = min(int(torch.randint(0, 16, ())), length // 8)
            start = int(torch.randint(0, max(1, length - width), ()))
            row[start : start + width] = 0
    return features


def warped(features: Tensor, share: float) -> Tensor:
    """Another vocal tract: in ``share`` of the rows the mel axis is scaled by 0.88 to 1.14.

    After Jaitly and Hinton, "Vocal tract length perturbation" (2013), on the mel axis itself.
    """
    bins = features.shape[2]
    factors = torch.empty(len(features)).uniform_(_LEAST_WARP, _MOST_WARP)
    factors[torch.rand(len(features)) >= share] = 1.0
    places = (torch.arange(bins) * factors[:, None]).clamp(max=bins - 1)
    below = places.long().clamp(max=bins - 2)
    part = (places - below)[:, None, :]
    rows = below[:, None, :].expand(-1, features.shape[1], -1)
    return features.gather(2, rows) * (1 - part) + features.gather(2, rows + 1) * part


def corrupted(inputs: Tensor, targets: Tensor, stage: Stage, size: int) -> Tensor:
    """Replaces some of the text that the decoder is fed by other pieces; the prompt stays."""
    is_text = torch.zeros_like(inputs, dtype=torch.bool)
    is_text[:, 1:] = targets[:, :-1] >= 0
    chosen = is_text & (torch.rand(inputs.shape) < stage.corrupted)
    return torch.where(chosen, torch.randint(vocabulary.FIRST_PIECE, size, inputs.shape), inputs)
