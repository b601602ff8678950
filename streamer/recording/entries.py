"""What a recording holds: how a session was begun, what it took and gave, and that it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from streamer.dispatch.job import Job, JobKind
from streamer.session.events import Event
from streamer.session.inputs import (
    Audio,
    AudioHeld,
    Configure,
    CutShort,
    Detected,
    Flush,
    Input,
    JobDone,
    JobFailed,
    PartialsSlowed,
    Stop,
    Tick,
    TurnJudged,
)
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis

VERSION = 1

MAX_CHANNELS = 8

_Count = Annotated[int, Field(ge=0)]


class EngineName(BaseModel):
    """Which model answered, and how it ran."""

    model_config = ConfigDict(frozen=True)

    name: str
    provider: str
    precision: str


class Header(BaseModel):
    """What a session was begun with. `began` is UTC in ISO 8601."""

    model_config = ConfigDict(frozen=True)

    streamer_recording: Literal[1] = VERSION
    program: str
    session: str
    began: str
    engine: EngineName
    settings: StreamSettings
    min_speech_ms: int = Field(ge=20, le=500)


@dataclass(frozen=True, slots=True)
class JobName:
    """Tells the jobs of one session apart, without their audio."""

    channel: Annotated[int, Field(ge=0, lt=MAX_CHANNELS)]
    utterance: _Count
    kind: JobKind
    end: _Count

    @classmethod
    def of(cls, job: Job) -> JobName:
        """Name a job."""
        return cls(job.key.channel, job.key.utterance, job.kind, job.end)


@dataclass(frozen=True, slots=True)
class Heard:
    """The engine's answer to a job of the session."""

    job: JobName
    hypothesis: Hypothesis


@dataclass(frozen=True, slots=True)
class Failed:
    """The news that a job of the session could not be done."""

    job: JobName
    message: str


RecordedInput = (
    Audio
    | Configure
    | Flush
    | Stop
    | Tick
    | TurnJudged
    | Detected
    | Heard
    | Failed
    | PartialsSlowed
    | AudioHeld
    | CutShort
)


def recorded(given: Input) -> RecordedInput:
    """Return an input without what a replay makes anew: the audio of jobs."""
    match given:
        case JobDone(job, hypothesis):
            return Heard(JobName.of(job), hypothesis)
        case JobFailed(job, message):
            return Failed(JobName.of(job), message)
        case _:
            return given


@dataclass(frozen=True, slots=True)
class Took:
    """The session was given something, `at` seconds after it began."""

    at: float
    given: RecordedInput


@dataclass(frozen=True, slots=True)
class Gave:
    """The session told something, `at` seconds after it began."""

    at: float
    event: Event


class RecordingEnd(StrEnum):
    """Why a recording ends where it does."""

    CLOSED = "closed"  # the session was over
    LIMIT = "limit"  # there was no more room for recordings


@dataclass(frozen=True, slots=True)
class Ended:
    """The recording is complete: so many lines came before this one."""

    reason: RecordingEnd
    lines: _Count


Entry = Took | Gave | Ended
