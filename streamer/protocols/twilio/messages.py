"""What Twilio Media Streams and its kin send, whatever their spelling."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from streamer.audio.encodings import Encoding

TRACKS = ("inbound", "outbound")
"""What is heard from the caller, and what the caller is given to hear: channels 0 and 1."""

_ENCODINGS = {
    "mulaw": Encoding.MULAW,
    "ulaw": Encoding.MULAW,
    "pcmu": Encoding.MULAW,
    "alaw": Encoding.ALAW,
    "pcma": Encoding.ALAW,
    "l16": Encoding.PCM_S16LE,
    "linear16": Encoding.PCM_S16LE,
    "lin16": Encoding.PCM_S16LE,
    "slin": Encoding.PCM_S16LE,
    "raw/slin": Encoding.PCM_S16LE,
    "pcm": Encoding.PCM_S16LE,
    "base64": Encoding.PCM_S16LE,  # Exotel names what the samples are wrapped in
}

_MAX_TIMESTAMP_MS = 1e15
_Name = Annotated[str, Field(min_length=1, max_length=256)]


def _named(*names: str) -> Any:  # noqa: ANN401 - as pydantic types it
    return Field(default=None, validation_alias=AliasChoices(*names))


def _track(value: object) -> object:
    return value.removesuffix("_track") if isinstance(value, str) else value


def _tracks(value: object) -> object:
    """Take one name or several; `both_tracks` is Telnyx's and TwiML's word for the two."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        return names
    if "both_tracks" in names:
        return list(TRACKS)
    return [_track(name) for name in names]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True)


class MediaFormat(_Part):
    """How the payload of each chunk is written."""

    encoding: str = "audio/x-mulaw"
    sample_rate: int = Field(
        default=8000, validation_alias=AliasChoices("sampleRate", "sample_rate"), ge=8000, le=48000
    )
    channels: int = 1

    @property
    def known_encoding(self) -> Encoding | None:
        """The encoding that is meant, if it is one of ours."""
        return _ENCODINGS.get(self._name)

    @property
    def tells_no_byte_order(self) -> bool:
        """Whether the encoding's name means one order, and its users mean the other."""
        return self._name == "l16"

    @property
    def _name(self) -> str:
        name = self.encoding.lower().removeprefix("audio/").removeprefix("x-")
        return name.partition(";")[0].partition("@")[0]  # SignalWire: L16@24000h


class StreamStart(_Part):
    """What a stream is of."""

    call: _Name | None = _named(
        "callSid", "call_sid", "callControlId", "call_control_id", "callId", "call_id"
    )
    tracks: Annotated[list[str] | None, BeforeValidator(_tracks)] = _named("tracks", "track")
    parameters: dict[str, Any] | None = _named("customParameters", "custom_parameters")
    media_format: MediaFormat = Field(
        default=MediaFormat(), validation_alias=AliasChoices("mediaFormat", "media_format")
    )


class _Message(_Part):
    stream: _Name | None = _named("streamSid", "stream_sid", "streamId", "stream_id")


class Start(_Message):
    """A stream begins."""

    event: Literal["start"]
    start: StreamStart


class Chunk(_Part):
    """Some milliseconds of one track. `timestamp` counts them from the stream's start."""

    track: Annotated[str | None, BeforeValidator(_track)] = None
    timestamp: float | None = Field(default=None, ge=-_MAX_TIMESTAMP_MS, le=_MAX_TIMESTAMP_MS)
    payload: str

    def samples(self) -> bytes | None:
        """Return the bytes, or None if the payload is not base64."""
        try:
            return base64.b64decode(self.payload, validate=True)
        except (binascii.Error, ValueError):
            return None


class Media(_Message):
    """A chunk of audio. Sequence numbers are not looked at: timestamps say more."""

    event: Literal["media"]
    media: Chunk


class Key(_Part):
    """A key of a telephone."""

    digit: Annotated[str, Field(min_length=1, max_length=1)]


class Dtmf(_Message):
    """A key was pressed."""

    event: Literal["dtmf"]
    dtmf: Key


class Stop(_Message):
    """A stream ends."""

    event: Literal["stop"]


ClientMessage = Annotated[Start | Media | Dtmf | Stop, Field(discriminator="event")]
_client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


def parse(text: str) -> Start | Media | Dtmf | Stop | None:
    """Read a message; None for one that is of another kind, such as `mark`, or wrong."""
    try:
        return _client_messages.validate_json(text)
    except ValidationError:
        return None
