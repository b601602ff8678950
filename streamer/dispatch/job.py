"""What the scheduler is asked to do: one pass of the model over one stretch of audio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from streamer.speech.clip import StoredClip


class JobKind(StrEnum):
    """Finals are owed; partials are a courtesy that load may cancel."""

    FINAL = "final"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class UtteranceKey:
    """One utterance of one channel of one session, unique within the process."""

    session: str
    channel: int
    utterance: int


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Transcribe `clip`, a partial best within `slack_s` seconds from now.

    `end` is the clip's end in samples since the stream's start: it tells two jobs of one
    utterance apart.
    """

    key: UtteranceKey
    kind: JobKind
    clip: StoredClip
    end: int
    slack_s: float


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """No job of this utterance is wanted any more."""

    key: UtteranceKey
