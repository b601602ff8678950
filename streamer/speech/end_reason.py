"""Why an utterance was closed."""

from __future__ import annotations

from enum import StrEnum


class EndReason(StrEnum):
    """Why an utterance was closed."""

    SILENCE = "silence"
    LIMIT = "limit"
    FLUSH = "flush"
    STOP = "stop"
