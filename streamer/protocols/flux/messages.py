"""The messages of Deepgram's Flux, both ways. Times are seconds of the stream."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Configure(_Message):
    """Change what is named; what is not keeps its value. Its parts are checked one by one."""

    type: Literal["Configure"] = "Configure"
    thresholds: dict[str, Any] | None = None
    keyterms: list[str] | None = None
    language_hints: list[str] | None = None
    numerals: bool | None = None
    profanity_filter: bool | None = None


class ForceEndTurn(_Message):
    """End the open turn on the audio so far."""

    type: Literal["ForceEndTurn"] = "ForceEndTurn"


class CloseStream(_Message):
    """No more audio: the open turn ends, then the server closes."""

    type: Literal["CloseStream"] = "CloseStream"


class KeepAlive(_Message):
    """A sign of life, which Flux does not know but clients of the older API send."""

    type: Literal["KeepAlive"] = "KeepAlive"


ClientMessage = Annotated[
    Configure | ForceEndTurn | CloseStream | KeepAlive, Field(discriminator="type")
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class TurnEvent(StrEnum):
    """What a `TurnInfo` tells."""

    START = "StartOfTurn"
    UPDATE = "Update"
    EAGER_END = "EagerEndOfTurn"
    RESUMED = "TurnResumed"
    END = "EndOfTurn"


class Trigger(StrEnum):
    """Why a turn has ended."""

    MODEL = "model"
    MANUAL = "manual"
    TIMEOUT = "timeout"


class Word(_Message):
    """A word as it is displayed."""

    word: str
    confidence: float
    start: float
    end: float


class Connected(_Message):
    """The first message of a stream."""

    type: Literal["Connected"] = "Connected"
    request_id: str
    sequence_id: int = 0


class TurnInfo(_Message):
    """The state of a turn: `transcript` is all of it so far, and replaces what was told before."""

    type: Literal["TurnInfo"] = "TurnInfo"
    request_id: str
    sequence_id: int = 0
    event: TurnEvent
    turn_index: int
    audio_window_start: float
    audio_window_end: float
    transcript: str
    words: list[Word]
    end_of_turn_confidence: float
    trigger: Trigger | None = None
    languages: list[str] | None = None
    languages_hinted: list[str] | None = None


class ThresholdsInForce(_Message):
    """The thresholds in force."""

    eot_threshold: float
    eager_eot_threshold: float | None = None
    eot_timeout_ms: int


class ConfigureSuccess(_Message):
    """A `Configure` was taken; these values are in force."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    request_id: str
    sequence_id: int = 0
    thresholds: ThresholdsInForce
    keyterms: list[str]
    language_hints: list[str] | None = None
    numerals: bool


class ConfigureFailure(_Message):
    """A `Configure` was refused, and nothing has changed."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str
    sequence_id: int = 0
    code: str
    error_code: str
    """The same, where pipecat looks for it."""
    description: str


class Warning(_Message):
    """Service goes on."""

    type: Literal["Warning"] = "Warning"
    request_id: str
    sequence_id: int = 0
    code: str
    description: str


class Error(_Message):
    """The stream ends."""

    type: Literal["Error"] = "Error"
    sequence_id: int = 0
    code: str
    description: str
