"""What stands in Wyoming's events: those that we read, and those that we write."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from streamer import __version__
from streamer.audio.pcm import PcmFormat
from streamer.speech.engine_info import EngineInfo


class AudioFormat(BaseModel):
    """Of `audio-start` and of every `audio-chunk`."""

    model_config = ConfigDict(frozen=True)

    rate: int = Field(ge=1000, le=384_000)
    width: int = Field(ge=1, le=4)
    channels: int = Field(ge=1, le=32)

    @property
    def pcm(self) -> PcmFormat:
        """As the converter wants it."""
        return PcmFormat(self.rate, self.width, self.channels)


class Transcribe(BaseModel):
    """The request for a transcript of the audio that follows; hints are not used."""

    model_config = ConfigDict(frozen=True)

    language: str | None = None


class Ping(BaseModel):
    """A sign of life, to be answered with the same text."""

    model_config = ConfigDict(frozen=True)

    text: str | None = None


class Outgoing(BaseModel):
    """An event of ours."""

    model_config = ConfigDict(frozen=True)

    type: str
    data: dict[str, Any] = {}


def info(engine: EngineInfo) -> Outgoing:
    """Describe the one model as the one program for speech recognition."""
    maker = {"name": "streamer", "url": ""}
    described = f"{engine.name} ({engine.precision}, {engine.provider})"
    shared = {"attribution": maker, "installed": True, "version": __version__}
    model = {"name": engine.name, "description": described, "languages": [*engine.languages]}
    program = {
        "name": "streamer",
        "description": "streaming speech recognition",
        "models": [model | shared],
        "supports_transcript_streaming": True,
    }
    others = ("tts", "handle", "intent", "wake", "mic", "snd")
    return Outgoing(type="info", data={"asr": [program | shared], **{one: [] for one in others}})


def pong(ping: Ping) -> Outgoing:
    """Answer a ping."""
    return Outgoing(type="pong", data={"text": ping.text})


def transcript_start(language: str) -> Outgoing:
    """Announce the pieces of a transcript."""
    return Outgoing(type="transcript-start", data={"language": language})


def transcript_chunk(text: str) -> Outgoing:
    """Append to the transcript."""
    return Outgoing(type="transcript-chunk", data={"text": text})


def transcript(text: str, language: str) -> Outgoing:
    """Tell the whole transcript."""
    return Outgoing(type="transcript", data={"text": text, "language": language})


def transcript_stop() -> Outgoing:
    """End the transcript."""
    return Outgoing(type="transcript-stop")


def error(text: str, code: str) -> Outgoing:
    """Say what went wrong."""
    return Outgoing(type="error", data={"text": text, "code": code})
