"""The events of a transcription session, both ways."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from streamer.protocols.realtime.configuration import AudioInput


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)
    event_id: str | None = None


class SessionUpdate(_Event):
    """Change the session; also by the name that the API had for it while in beta."""

    type: Literal["session.update", "transcription_session.update"] = "session.update"
    session: dict[str, Any]


class Append(_Event):
    """The next bytes of audio, in base64."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str


class Commit(_Event):
    """What was appended is one item."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class Clear(_Event):
    """Forget what was appended."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"


ClientEvent = Annotated[SessionUpdate | Append | Commit | Clear, Field(discriminator="type")]

client_events: TypeAdapter[ClientEvent] = TypeAdapter(ClientEvent)

CLIENT_EVENT_TYPES = (
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
)


class Audio(BaseModel):
    """The audio part of a session."""

    input: AudioInput


class SessionInForce(BaseModel):
    """A session as it is."""

    type: Literal["transcription"] = "transcription"
    id: str
    object: Literal["realtime.transcription_session"] = "realtime.transcription_session"
    expires_at: int = 0
    audio: Audio
    include: None = None


class SessionTold(_Event):
    """The session was created or changed."""

    type: Literal["session.created", "session.updated", "transcription_session.updated"]
    session: SessionInForce


class SpeechStarted(_Event):
    """Somebody begins to speak; what they say will be this item."""

    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    audio_start_ms: int
    item_id: str


class SpeechStopped(_Event):
    """They have stopped."""

    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    audio_end_ms: int
    item_id: str


class Committed(_Event):
    """What was appended became this item."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    item_id: str
    previous_item_id: str | None


class Cleared(_Event):
    """What was appended is forgotten."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"


class InputAudio(BaseModel):
    """The content of an item; its transcript comes later."""

    type: Literal["input_audio"] = "input_audio"
    transcript: None = None


class Item(BaseModel):
    """A piece of conversation."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    status: Literal["completed"] = "completed"
    role: Literal["user"] = "user"
    content: list[InputAudio] = [InputAudio()]


class ItemTold(_Event):
    """An item stands in the conversation."""

    type: Literal["conversation.item.added", "conversation.item.done"]
    previous_item_id: str | None
    item: Item


class Delta(_Event):
    """Text that goes on from the deltas of the item before it."""

    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    item_id: str
    content_index: int = 0
    delta: str
    logprobs: None = None


class Duration(BaseModel):
    """How much audio was transcribed."""

    type: Literal["duration"] = "duration"
    seconds: float


class Completed(_Event):
    """The transcript of an item."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    item_id: str
    content_index: int = 0
    transcript: str
    logprobs: None = None
    usage: Duration


class Problem(BaseModel):
    """What is wrong; `event_id` is the client's own, of the event that it is about."""

    type: Literal["invalid_request_error", "server_error"]
    code: str
    message: str
    param: str | None = None
    event_id: str | None = None


class Failed(_Event):
    """An item could not be transcribed; the session goes on."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    item_id: str
    content_index: int = 0
    error: Problem


class Error(_Event):
    """An event of the client's was refused; the session goes on."""

    type: Literal["error"] = "error"
    error: Problem
