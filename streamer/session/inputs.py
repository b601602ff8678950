"""Everything that can be put into a session, as data: what a recording holds and a replay repeats.

A session has no clock and no randomness, so the same inputs in the same order give the same
outputs, hypotheses among the inputs. Dialects make the client's own of these; nobody between them
and the session boxes those again.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamer.dispatch.job import Job
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis


@dataclass(frozen=True, slots=True)
class Audio:
    """The next bytes of audio, in the encoding of the settings."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Configure:
    """Change settings from the next utterance on."""

    settings: StreamSettings


@dataclass(frozen=True, slots=True)
class Flush:
    """Close what is open now; `events.Flushed` with this id follows its final."""

    id: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """No more audio comes; `events.Done` follows the last final."""


ClientInput = Audio | Configure | Flush | Stop
"""What a client's messages come to."""


@dataclass(frozen=True, slots=True)
class JobDone:
    """The engine's answer to a job."""

    job: Job
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The news that a job cannot be done."""

    job: Job
    message: str


@dataclass(frozen=True, slots=True)
class PartialsSlowed:
    """The news that load makes partials come less often than asked."""


@dataclass(frozen=True, slots=True)
class AudioHeld:
    """The news that no more audio is read until finals have been sent."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """The server is short of memory: what is open ends here, and goes on in new utterances."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The answer to the oldest `Detect` without one: (channels, n) probabilities of speech."""

    probabilities: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes, and no audio comes: by now `silent_s` seconds of a live stream are missing.

    They count from the last sample that came, or from when that was due where it came early.
    """

    silent_s: float


@dataclass(frozen=True, slots=True)
class TurnJudged:
    """How likely it is, 0 to 1, that the speaker had finished in this pause of an utterance."""

    channel: int
    utterance: int
    pause: int
    probability: float


Input = (
    ClientInput
    | Tick
    | Detected
    | TurnJudged
    | JobDone
    | JobFailed
    | PartialsSlowed
    | AudioHeld
    | CutShort
)
