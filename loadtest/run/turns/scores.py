"""How long people wait, and how often they are cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtest.run.turns.material import Heard


@dataclass(frozen=True, slots=True)
class Score:
    """Of one rule in one kind of recordings; seconds and counts."""

    delays: tuple[float, ...]
    unended: int
    """Complete recordings whose last utterance was not ended within the room behind them."""
    pauses: int
    false_ends: int
    clips: int
    cut_clips: int

    @property
    def delay_p50(self) -> float:
        """Of the delays."""
        return float(np.quantile(self.delays, 0.5)) if self.delays else float("nan")

    @property
    def delay_p95(self) -> float:
        """Of the delays."""
        return float(np.quantile(self.delays, 0.95)) if self.delays else float("nan")

    @property
    def false_share(self) -> float:
        """False ends of pauses."""
        return self.false_ends / self.pauses if self.pauses else 0.0

    def as_report(self) -> dict[str, float | int]:
        """Return it as JSON has it."""
        return {
            "delay_p50_s": round(self.delay_p50, 3),
            "delay_p95_s": round(self.delay_p95, 3),
            "ends": len(self.delays),
            "unended": self.unended,
            "false_ends": round(self.false_share, 3),
            "pauses": self.pauses,
            "cut_clips": round(self.cut_clips / max(1, self.clips), 3),
        }


def scored(heard: Sequence[Heard], rule: str) -> Score:
    """Count what a rule did."""
    complete = [one for one in heard if one.is_complete]
    whole = [one for one in heard if one.is_one_sentence]
    last = [max(one.ends[rule], default=0.0) - one.sound_ends for one in complete]
    false = [sum(at < one.sound_ends for at in one.ends[rule]) for one in whole]
    return Score(
        delays=tuple(delay for delay in last if delay > 0),
        unended=sum(delay <= 0 for delay in last),
        pauses=sum(at < one.sound_ends for one in whole for at in one.pauses),
        false_ends=sum(false),
        clips=len(whole),
        cut_clips=sum(count > 0 for count in false),
    )
