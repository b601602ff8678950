"""What users are told about a loaded model."""

from __future__ import annotations

from dataclasses import dataclass

_DEMONSTRATION = (
    "This is the small demonstration model that ships with streamer, and it hears people badly; "
    "`streamer models pull moonshine` brings the real one."
)


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
    confidences: bool = True
    """Whether hypotheses tell how sure the model was."""

    @property
    def advice(self) -> str | None:
        """What who meets the demonstration model should know; None with any other."""
        return _DEMONSTRATION if self.demonstration else None
