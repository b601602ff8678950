"""The messages of the native protocol, version 1, both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
)

from streamer.session.settings import Accepted
from streamer.speech.end_reason import EndReason


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Start(_Message):
    """Settings for the stream, sent before the first audio; they win over the query's."""

    model_config = ConfigDict(extra="allow")
    type: Literal["start"] = "start"


class Configure(_Message):
    """Settings to change from the next utterance on."""

    model_config = ConfigDict(extra="allow")
    type: Literal["configure"] = "configure"


class Flush(_Message):
    """Close the open utterance now."""

    type: Literal["flush"] = "flush"
    id: str | None = Field(default=None, max_length=256)


class Keepalive(_Message):
    """A sign of life; with `last_seq`, nothing up to that message need be sent again."""

    type: Literal["keepalive"] = "keepalive"
    last_seq: int | None = Field(default=None, ge=0)


class Stop(_Message):
    """No more audio."""

    type: Literal["stop"] = "stop"


ClientMessage = Annotated[Start | Configure | Flush | Keepalive | Stop, Field(discriminator="type")]

CLIENT_MESSAGE_TYPES = ["start", "configure", "flush", "keepalive", "stop"]


class Limits(_Message):
    """What the server will not go beyond."""

    max_frame_bytes: int
    max_utterance_s: float
    idle_timeout_s: float
    resume_window_s: float


class Watch(_Message):
    """A link on which others watch along holds until it `expires`, in seconds since 1970."""

    token: str
    expires: float


class Ready(_Message):
    """The stream is open, with these settings in force.

    A resumed stream has `resumed`. The client sends on from there: after so many seconds of audio,
    exact to the byte, or after so many bytes (in a container seconds are no place), and after so
    many text messages (`start` and `keepalive` do not count). Its `seq` is the one that the client
    named: what follows goes on from there. `word_timings` says whether `words` may be asked for.
    With `demonstration`, `advice` says how the server gets the real model. `watchable` says whether
    the server gives links to watch along, and `watch` is the one that was asked for.
    """

    type: Literal["ready"] = "ready"
    seq: int = 0
    session: str
    model: str
    demonstration: bool
    advice: str | None = None
    provider: str
    languages: list[str]
    word_timings: bool
    watchable: bool
    watch: Watch | None = None
    sample_rate: int
    settings: dict[str, Any]
    limits: Limits
    resumed: bool | None = None
    audio_received: float | None = None
    bytes_received: int | None = None
    messages_received: int | None = None


class SpeechStarted(_Message):
    """An utterance was opened."""

    type: Literal["speech_started"] = "speech_started"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    at: float


class Partial(_Message):
    """The hypothesis so far; its first `stable` characters stay until the final."""

    type: Literal["partial"] = "partial"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    text: str
    stable: int
    start: float
    end: float


class TurnPaused(_Message):
    """A pause may be the end: `probability` that it is, and what the final will then say."""

    type: Literal["turn_paused"] = "turn_paused"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    at: float
    probability: float
    text: str


class TurnResumed(_Message):
    """It was not: somebody speaks again."""

    type: Literal["turn_resumed"] = "turn_resumed"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    at: float


class SpeechEnded(_Message):
    """An utterance was closed."""

    type: Literal["speech_ended"] = "speech_ended"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    at: float
    reason: EndReason


class Word(_Message):
    """A word of a final, its punctuation attached, in seconds of the channel's audio."""

    text: str
    start: float
    end: float
    confidence: float | None = None


class Final(_Message):
    """The text of an utterance; `words` where they were asked for.

    `confidence` is None where the server's engine does not tell. `usage_s` is what it is charged
    for, in seconds of audio.
    """

    type: Literal["final"] = "final"
    seq: int = 0
    channel: int
    label: str | None = None
    utterance: int
    text: str
    start: float
    end: float
    reason: EndReason
    language: str
    confidence: float | None
    usage_s: float
    words: list[Word] | None = None

    @model_serializer(mode="wrap")
    def _with_confidence(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what is unknown as null, even where nothing else that is None is written."""
        return {**write(self), "confidence": self.confidence}


class Flushed(_Message):
    """Every final before the flush has been sent."""

    type: Literal["flushed"] = "flushed"
    seq: int = 0
    id: str | None = None


class Acknowledged(_Message):
    """Every final that touches the first `audio` seconds has been sent."""

    type: Literal["acknowledged"] = "acknowledged"
    seq: int = 0
    audio: float


class Warning(_Message):
    """Service goes on."""

    type: Literal["warning"] = "warning"
    seq: int = 0
    code: str
    message: str


class Error(_Message):
    """Something was refused or failed; the server closes after a fatal one."""

    type: Literal["error"] = "error"
    seq: int = 0
    code: str
    message: str
    fatal: bool = False
    setting: str | None = None
    accepted: Accepted | None = None
    channel: int | None = None
    utterance: int | None = None


class Done(_Message):
    """All is transcribed and sent; `usage_s` is the sum of the finals'."""

    type: Literal["done"] = "done"
    seq: int = 0
    audio: float
    utterances: int
    usage_s: float | None = None


ServerMessage = Annotated[
    Ready
    | SpeechStarted
    | Partial
    | TurnPaused
    | TurnResumed
    | SpeechEnded
    | Final
    | Flushed
    | Acknowledged
    | Warning
    | Error
    | Done,
    Field(discriminator="type"),
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
server_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
