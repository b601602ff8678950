"""Why an utterance was closed."""

from __future__ import annotations

from enum import StrEnum


class EndReason(StrEnum):
    """Why an utterance was closed."""

    SILENCE = "silence"
    TURN = "turn"  # a silence whose length a turn model has decided
    LIMIT = "limit"
    FLUSH = "flush"
    STOP = "stop"

    @property
    def by_silence(self) -> bool:
        """Whether nobody spoke any more, for however long that had to be."""
        return self in (EndReason.SILENCE, EndReason.TURN)
