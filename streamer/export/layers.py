"""The layers that encoder and decoder share, around a checkpoint's own weights.

Nothing is copied but the fused query, key and value weights: every other parameter is a view of
the checkpoint's, laid out as the graphs multiply it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MASKED = -1e4
"""The score of what must not be seen. Finite and small enough for FP16: minus infinity or the
type's minimum gives NaN in rows that see nothing."""


class Dense(nn.Module):
    """x (…, in) to (…, out). The weight is held as (in, out), so that no graph transposes it."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """Take a weight (out, in), as torch's own layers hold it."""
        super().__init__()
        self.weight = nn.Parameter(weight.detach().t(), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)

    @classmethod
    def of(cls, *layers: nn.Linear | nn.Conv1d) -> Dense:
        """One layer for one or several with the same input, their outputs side by side.

        A convolution must be pointwise.
        """
        weights = [layer.weight.detach().reshape(layer.weight.shape[:2]) for layer in layers]
        biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
        if len(layers) == 1:
            return cls(weights[0], biases[0] if biases else None)
        return cls(torch.cat(weights), torch.cat(biases) if biases else None)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply and add."""
        product = torch.matmul(x, self.weight)
        return product if self.bias is None else product + self.bias


def split_heads(x: Tensor, heads: int, size: int) -> Tensor:
    """(B, n, heads · size) to (B, heads, n, size)."""
    return x.reshape(x.shape[0], x.shape[1], heads, size).transpose(1, 2)


def join_heads(x: Tensor, width: int) -> Tensor:
    """(B, heads, n, size) to (B, n, heads · size = width)."""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], width)


def attention_weights(scores: Tensor, visible: Tensor | None) -> Tensor:
    """Softmax of (B, heads, n, m) scores over what is visible, in FP32 whatever the type."""
    if visible is not None:
        scores = torch.where(visible, scores, torch.full((), MASKED, dtype=scores.dtype))
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(scores.dtype)
