"""What is told of a call: to those who listen at /v1/calls/CALL, and to the webhook.

`seq` counts what is told of a stream for good, from 0, without gaps; partials have none, since they
come to nothing. Times are seconds since the stream began.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    call: str
    stream: str


class Started(_Message):
    """A stream of a call has begun. `parameters` are those that the caller's side has set."""

    type: Literal["started"] = "started"
    seq: int
    tracks: list[str]
    language: str
    parameters: dict[str, Any]


class Partial(_Message):
    """The hypothesis so far; its first `stable` characters stay until the final."""

    type: Literal["partial"] = "partial"
    channel: int
    track: str
    utterance: int
    text: str
    stable: int
    start: float
    end: float


class Final(_Message):
    """What was said in an utterance; empty if nothing was recognisable."""

    type: Literal["final"] = "final"
    seq: int
    channel: int
    track: str
    utterance: int
    text: str
    start: float
    end: float
    language: str
    confidence: float | None

    @model_serializer(mode="wrap")
    def _with_confidence(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what is unknown as null, even where nothing else that is None is written."""
        return {**write(self), "confidence": self.confidence}


class Pressed(_Message):
    """A key was pressed after so many seconds: 0 to 9, *, #, A to D."""

    type: Literal["dtmf"] = "dtmf"
    seq: int
    digit: str
    at: float


class Warned(_Message):
    """What comes from the caller's side is not as it should be; the call goes on."""

    type: Literal["warning"] = "warning"
    seq: int
    code: str
    message: str


class Failed(_Message):
    """Something went wrong; a `final` without text tells which utterance, if it was one."""

    type: Literal["error"] = "error"
    seq: int
    code: str
    message: str


class Ended(_Message):
    """Everything that was heard of a stream has been told."""

    type: Literal["ended"] = "ended"
    seq: int
    audio: float
    utterances: int
