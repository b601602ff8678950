"""Old against new, measured in pairs: medians, ratios, and whether noise decides."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Verdict(StrEnum):
    """What the ratios say of what is allowed."""

    NOT_WORSE = "not worse"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians, the median of the ratios new over old, and the middle half of the ratios."""

    old: float
    new: float
    ratio: float
    low: float
    high: float
    verdict: Verdict

    def report(self) -> dict[str, object]:
        """For JSON."""
        return {
            "old": round(self.old, 1),
            "new": round(self.new, 1),
            "new over old": round(self.ratio, 3),
            "noise: half of the ratios": [round(self.low, 3), round(self.high, 3)],
            "verdict": str(self.verdict),
        }


def compared(
    old: Sequence[float], new: Sequence[float], allowed: float, *, more_is_better: bool
) -> Comparison:
    """Compare pairs of one round each; `allowed` is a share, 0.03 for three per cent."""
    ratios = [mine / other for mine, other in zip(new, old, strict=True)]
    low, ratio, high = (float(value) for value in np.percentile(ratios, [25, 50, 75]))
    worst, best = (low, high) if more_is_better else (1 / high, 1 / low)
    limit = 1 - allowed if more_is_better else 1 / (1 + allowed)
    if worst >= limit:
        verdict = Verdict.NOT_WORSE
    elif best < limit:
        verdict = Verdict.WORSE
    else:
        verdict = Verdict.UNDECIDED
    return Comparison(statistics.median(old), statistics.median(new), ratio, low, high, verdict)
