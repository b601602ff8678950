"""What users are told about a loaded model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What users are told about a loaded model."""

    name: str
    languages: tuple[str, ...]
    provider: str
    precision: str
    max_seconds: float
    demonstration: bool
    word_timings: bool = False
    """Whether hypotheses can tell when each word was said."""
