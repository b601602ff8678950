"""Flux's thresholds, and the silences that they come to here.

Flux has a confidence that a turn has ended, which grows while nobody speaks. Ours is a probability
from one look at a pause, on another scale: raw, 0.7 of it at 0.2 s would cut two thirds of all
pauses. So a threshold is read as how long silence must last: where the model takes the turn for
finished, and where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from streamer.protocols.silence import LONGEST_MS

WAITS_MS = (
    (0.5, 200, 1000),
    (0.7, 500, 1000),
    (0.8, 600, 1500),
    (0.9, 700, 3000),
)
"""Threshold, silence where the turn is likely finished, and where it is not; between two rows on a
line, above the last as there. The rows are the best points that Smart Turn has on eot-bench."""

LIKELY = 0.2
"""The probability from which a turn is likely finished, whatever the threshold."""

NEVER = 1.0
"""With this threshold no turn ends but by its timeout."""


class ThresholdError(ValueError):
    """A threshold that cannot be honoured: which, and what is accepted."""

    def __init__(self, name: str, accepted: str) -> None:
        super().__init__(f"{name}: accepted is {accepted}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Waits:
    """The silences that end a turn, in milliseconds, and from which probability on it is likely."""

    likely_ms: int
    unlikely_ms: int
    likely: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a client asks; without `eager` no EagerEndOfTurn is told."""

    eot: float = 0.7
    eager: float | None = None
    timeout_ms: int = 5000

    def changed(self, asked: Mapping[str, Any]) -> Thresholds:
        """Put values, text or numbers, over these; raises ThresholdError for what is wrong."""
        changed = self
        for name, value in asked.items():
            match name:
                case "eot_threshold":
                    changed = replace(changed, eot=_number(name, value, 0.5, 1.0))
                case "eager_eot_threshold":
                    eager = None if value is None else _number(name, value, 0.3, 0.9)
                    changed = replace(changed, eager=eager)
                case "eot_timeout_ms":
                    timeout = round(_number(name, value, 500, 60_000))
                    changed = replace(changed, timeout_ms=timeout)
                case _:
                    raise ThresholdError(
                        name, "eot_threshold, eager_eot_threshold or eot_timeout_ms"
                    )
        if changed.eager is not None and changed.eager > changed.eot:
            raise ThresholdError("eager_eot_threshold", f"at most eot_threshold, {changed.eot:g}")
        return changed

    @property
    def waits(self) -> Waits:
        """How long silence must last; the timeout caps all."""
        if self.eot >= NEVER:
            # What is never likely waits for the timeout.
            return Waits(min(self.timeout_ms, LONGEST_MS), self.timeout_ms, NEVER)
        likely, unlikely = _between(self.eot)
        return Waits(min(likely, self.timeout_ms), min(unlikely, self.timeout_ms), LIKELY)

    def is_timeout(self, probability: float | None) -> bool:
        """Whether a turn that silence has ended did so for its timeout alone.

        `probability` is what the model said of its last pause, if anything.
        """
        waits = self.waits
        likely = probability is not None and probability >= waits.likely
        return (waits.likely_ms if likely else waits.unlikely_ms) >= self.timeout_ms


def _between(threshold: float) -> tuple[int, int]:
    """Read the table's line at a threshold of at least its first."""
    if threshold >= WAITS_MS[-1][0]:
        return WAITS_MS[-1][1:]
    at = next(place for place, row in enumerate(WAITS_MS) if threshold < row[0])
    low, high = WAITS_MS[at - 1], WAITS_MS[at]
    part = (threshold - low[0]) / (high[0] - low[0])
    likely, unlikely = (round(low[n] + part * (high[n] - low[n])) for n in (1, 2))
    return likely, unlikely


def _number(name: str, value: object, least: float, most: float) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise ThresholdError(name, f"{least:g} to {most:g}")
    return number
