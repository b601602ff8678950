"""The messages of AudioHook, version 2, both ways."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The conversation and participant of a connection probe."""

_DURATION = re.compile(r"PT(\d{0,9}\.?\d{1,9})S", re.ASCII)


def seconds_of(text: object) -> object:
    """Read a duration such as `PT1.25S`; anything else is left to be refused."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return float(found[1]) if found else text


def duration(seconds: float) -> str:
    """Write a duration, to the millisecond."""
    return f"PT{max(0.0, seconds):.3f}S"


Duration = Annotated[float, BeforeValidator(seconds_of)]
Id = Annotated[str, Field(max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Nothing(_Part):
    """Parameters that hold nothing."""


NOTHING = Nothing()


class Media(_Part):
    """A form of audio that the client offers, or that was chosen of those."""

    type: str
    format: str
    channels: list[str]
    rate: int


class Participant(_Part):
    """Who is at the other end."""

    id: Id


class OpenParameters(_Part):
    """What the stream is of."""

    conversationId: Id  # noqa: N815 - as on the wire
    participant: Participant
    media: list[Media] = Field(max_length=100)
    language: str = ""
    supportedLanguages: bool = False  # noqa: N815

    @property
    def is_probe(self) -> bool:
        """Whether somebody only tries whether we can be reached."""
        return self.conversationId == NOBODY and self.participant.id == NOBODY


class Span(_Part):
    """Audio that was left out."""

    start: Duration
    discarded: Duration


class UpdateParameters(_Part):
    """What changes from now on."""

    language: str


class ClientMessage(_Part):
    """What every message of the client has; `parameters` depend on the type."""

    version: Literal["2"]
    id: Id
    type: str
    seq: int
    serverseq: int
    position: Duration
    parameters: dict[str, Any]


class OpenedParameters(_Part):
    """The form of audio that was chosen, or none."""

    media: list[Media]
    startPaused: bool = False  # noqa: N815
    supportedLanguages: list[str] | None = None  # noqa: N815


class DisconnectParameters(_Part):
    """Why the server cannot go on."""

    reason: Literal["completed", "unauthorized", "error"]
    info: str


class Token(_Part):
    """A word of a transcript."""

    type: Literal["word"] = "word"
    value: str
    confidence: float
    offset: str
    duration: str


class Interpretation(_Part):
    """A text as it is shown."""

    type: Literal["display"] = "display"
    transcript: str
    tokens: list[Token]


class Alternative(_Part):
    """What may have been said."""

    confidence: float
    interpretations: list[Interpretation]


class Transcript(_Part):
    """One utterance of one channel."""

    id: str
    channelId: str  # noqa: N815
    isFinal: bool = True  # noqa: N815
    offset: str
    duration: str
    alternatives: list[Alternative]


class Entity(_Part):
    """Something that was found in the audio."""

    type: Literal["transcript"] = "transcript"
    data: Transcript


class EventParameters(_Part):
    """What was found in the audio."""

    entities: list[Entity]


ServerType = Literal["opened", "pong", "updated", "event", "closed", "disconnect"]
Parameters = OpenedParameters | EventParameters | DisconnectParameters | Nothing


class ServerMessage(_Part):
    """What the server says. `seq` is counted as messages are sent."""

    version: Literal["2"] = "2"
    id: str
    type: ServerType
    seq: int = 0
    clientseq: int
    parameters: Parameters
