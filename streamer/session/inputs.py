"""Everything that can be put into a session, as data: what a recording holds and a replay repeats.

A session has no clock and no randomness, so the same inputs in the same order give the same
outputs, hypotheses among the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamer.dispatch.job import Job
from streamer.session.channel import Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis


@dataclass(frozen=True, slots=True)
class AudioCame:
    """The next bytes of audio."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Other settings, from the next utterance on."""

    settings: StreamSettings


@dataclass(frozen=True, slots=True)
class FlushAsked:
    """The client wants the open utterance closed now."""

    id: str | None


@dataclass(frozen=True, slots=True)
class StopAsked:
    """No more audio comes."""


@dataclass(frozen=True, slots=True)
class JobHeard:
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


Input = (
    AudioCame
    | SettingsChanged
    | FlushAsked
    | StopAsked
    | JobHeard
    | JobFailed
    | PartialsSlowed
    | AudioHeld
)


def put(session: Session, given: Input) -> list[Output]:
    """Put one input into a session; returns what follows from it."""
    match given:
        case AudioCame(data):
            return session.feed(data)
        case SettingsChanged(settings):
            session.configure(settings)
            return []
        case FlushAsked(flush_id):
            return session.flush(flush_id)
        case StopAsked():
            return session.stop()
        case JobHeard(job, hypothesis):
            return session.deliver(job, hypothesis)
        case JobFailed(job, message):
            return session.fail(job, message)
        case PartialsSlowed():
            return session.slow_partials()
        case AudioHeld():
            return session.hold_audio()
