"""The messages of Deepgram's live transcription, both ways. Times are seconds of the stream."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class KeepAlive(_Message):
    """Nothing but a sign of life."""

    type: Literal["KeepAlive"] = "KeepAlive"


class Finalize(_Message):
    """Close the open utterance now; a result `from_finalize` answers."""

    type: Literal["Finalize"] = "Finalize"


class CloseStream(_Message):
    """No more audio: what is open is transcribed, then come `Metadata` and the close."""

    type: Literal["CloseStream"] = "CloseStream"


class Configure(_Message):
    """Change key terms or formatting features in the running stream."""

    type: Literal["Configure"] = "Configure"
    keyterms: list[Any] | None = None


ClientMessage = Annotated[
    KeepAlive | Finalize | CloseStream | Configure, Field(discriminator="type")
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class ModelInfo(_Message):
    """What is said of a model."""

    name: str
    version: str
    arch: str


class ResultMetadata(_Message):
    """Whose result it is."""

    request_id: str
    model_uuid: str
    model_info: ModelInfo


class Word(_Message):
    """A word in plain spelling and as it is displayed."""

    word: str
    start: float
    end: float
    confidence: float
    punctuated_word: str


class Alternative(_Message):
    """A reading of the audio; there is one."""

    transcript: str
    confidence: float
    words: list[Word]


class Channel(_Message):
    """The readings of one channel."""

    alternatives: list[Alternative]


class Results(_Message):
    """A transcript; an interim one is replaced by the next of its channel."""

    type: Literal["Results"] = "Results"
    channel_index: list[int]
    duration: float
    start: float
    is_final: bool
    speech_final: bool
    from_finalize: bool
    channel: Channel
    metadata: ResultMetadata


class SpeechStarted(_Message):
    """Somebody begins to speak."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    channel: list[int]
    timestamp: float


class UtteranceEnd(_Message):
    """Nobody has spoken for `utterance_end_ms`."""

    type: Literal["UtteranceEnd"] = "UtteranceEnd"
    channel: list[int]
    last_word_end: float


class Metadata(_Message):
    """The last message of a stream."""

    type: Literal["Metadata"] = "Metadata"
    transaction_key: str = "deprecated"
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: list[str]
    model_info: dict[str, ModelInfo]


class ConfigureSuccess(_Message):
    """A `Configure` was taken."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    request_id: str


class ConfigureFailure(_Message):
    """A `Configure` was refused."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str
    code: str
    description: str


class Error(_Message):
    """A message that cannot be understood, or audio that is none; the stream goes on."""

    type: Literal["Error"] = "Error"
    variant: str
    description: str
    message: str
