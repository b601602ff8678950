"""What a card could do at best, by its name (NVIDIA's data sheets)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peak:
    """Dense FP16 operations a second, and bytes of memory a second."""

    flops: float
    bytes: float


PEAKS = {"H100": Peak(989e12, 3.35e12), "H200": Peak(989e12, 4.8e12)}


def peak_of(card: str) -> Peak | None:
    """Return a card's peaks; None for one that is not known, or no card."""
    return next((peak for name, peak in PEAKS.items() if name in card), None)
