"""Whether an engine that is advanced step by step is of any use. No clock, no threads."""

from __future__ import annotations

STUCK_S = 30.0
"""A step takes seconds at most; an engine that is at one for so long is not coming back."""

FAILING_STEPS = 3
FAILING_S = 30.0
"""An engine that has failed so many steps in a row, the last so recently, is of no use."""


class StepHealth:
    """What the last steps tell; times are seconds of one clock."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._failures = 0
        self._failed_at = 0.0

    def begin(self, now: float) -> None:
        """A step begins."""
        self._since = now

    def end(self) -> None:
        """It has ended, in whatever way."""
        self._since = None

    def succeeded(self) -> None:
        """It did what it should."""
        self._failures = 0

    def failed(self, now: float) -> None:
        """It raised something."""
        self._failures += 1
        self._failed_at = now

    def trouble(self, now: float) -> str | None:
        """Say in two words why nothing is transcribed; None while all is well."""
        if self._since is not None and now - self._since > STUCK_S:
            return "engine stuck"
        # It is not tried without clips, so after a while it deserves some.
        if self._failures >= FAILING_STEPS and now - self._failed_at < FAILING_S:
            return "engine failing"
        return None
