"""Rotary positions: the first dimensions of a head are pairs that turn with the position."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Rotation:
    """The turn of each position, made once a call and used by every layer."""

    cosines: Tensor
    """(…, n, size): 1 where nothing turns."""
    sines: Tensor
    """(…, n, size): 0 where nothing turns."""
    quarter: Tensor
    """(size, size): the matrix of a turn by 90 degrees, of ones, so that products are exact."""

    def apply(self, x: Tensor) -> Tensor:
        """Turn queries or keys (B, heads, n, size)."""
        return x * self.cosines + (x @ self.quarter) * self.sines


class Rotary(nn.Module):
    """Makes rotations for heads of `size`, whose pairs (0, 1), (2, 3), … turn at frequencies."""

    quarter: Tensor

    def __init__(self, frequencies: Tensor, size: int) -> None:
        """Take radians a position, one for each pair that turns."""
        super().__init__()
        turning = 2 * len(frequencies)
        every = torch.zeros(size)
        every[:turning] = frequencies.repeat_interleave(2)
        even = torch.arange(0, turning, 2)
        quarter = torch.zeros(size, size)
        quarter[even, even + 1] = 1.0
        quarter[even + 1, even] = -1.0
        self.size = size
        self._frequencies = every  # no buffer: as FP16 they would be far off in late positions
        # Flat: as a matrix it would be taken for a weight, and be made integers.
        self.register_buffer("quarter", quarter.flatten())

    def forward(self, positions: Tensor) -> Rotation:
        """Make the rotation at positions (…, n)."""
        angles = positions.to(torch.float32).unsqueeze(-1) * self._frequencies
        dtype = self.quarter.dtype
        cosines, sines = angles.cos().to(dtype), angles.sin().to(dtype)
        return Rotation(cosines, sines, self.quarter.reshape(self.size, self.size))
