"""The layers that encoder and decoder share, around a checkpoint's own weights.

Nothing is copied but the fused query, key and value weights: every other parameter is a view of
the checkpoint's, laid out as the graphs multiply it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

MASKED = -1e30
"""Added to the scores of what must not be seen. In FP32 any score is lost in it, so nothing of what
is masked is left, whatever it was. Minus infinity would give NaN in rows that see nothing."""


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
    """(B, heads, n, size) to (B · n, heads · size = width)."""
    return x.transpose(1, 2).reshape(-1, width)


def score_bias(visible: Tensor) -> Tensor:
    """What to add to scores, in FP32, so that only what is visible counts."""
    return torch.where(visible, 0.0, MASKED)


def attention_weights(scores: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax of scores (B, heads, n, m), in FP32 whatever their type; the bias broadcasts."""
    exact = scores.to(torch.float32)
    return torch.softmax(exact if bias is None else exact + bias, dim=-1).to(scores.dtype)
