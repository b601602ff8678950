"""The rules by which a turn may end, as clients ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PLAIN_SILENCE_MS = 600
"""Silence that ends an utterance where nobody asks for another, or a turn model does not answer."""

HOLD_MS = 1000
"""The least silence where a turn is not likely finished, if nobody asks for another."""

LIKELY = 0.2
"""The probability from which a turn is likely finished, where no turn model says otherwise."""


class TurnRule(StrEnum):
    """By silence alone, or by a turn model that is asked at each pause."""

    SILENCE = "silence"
    AUTO = "auto"
    FAST = "fast"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long silence must last where a turn is likely finished, and where it is not."""

    likely_ms: int
    unlikely_ms: int

    def hold_ms(self, likely_ms: int) -> int:
        """Return the second for another first: somebody who waits long is patient in both."""
        return max(self.unlikely_ms, 2 * likely_ms)


WAITS = {
    TurnRule.AUTO: Waits(500, HOLD_MS),
    TurnRule.FAST: Waits(200, HOLD_MS),
    TurnRule.PATIENT: Waits(700, 3000),
}
"""Smart Turn's best points on 400 turns of people with machines (eot-bench, where each has a mean
delay and share of false ends): `fast` 0.29 s and 35 %, `auto` 0.59 s and 15 % (600 ms of silence:
22 %), `patient` 1.05 s and 4.8 %. docs/turns.md has what they do to read speech."""


def waits_of(rule: object) -> Waits | None:
    """Return the waits of a rule as a client writes it; None where no model is asked."""
    return WAITS.get(TurnRule(rule)) if isinstance(rule, str) and rule in list(TurnRule) else None
