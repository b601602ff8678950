"""What a client may set of a transcription session, and what the session makes of it.

Fields that are not named here are ignored: a refusal would end frameworks' streams for a nicety.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streamer.audio.encodings import Encoding
from streamer.protocols.door import Host
from streamer.protocols.silence import endpoint_silence_ms
from streamer.session.settings import StreamSettings
from streamer.speech.languages import known_language
from streamer.vad.base import SPEECH

UNCUT_PARTIAL_INTERVAL_MS = 1000
"""Between hypotheses of what the client will commit: that grows to 35 s, silence and all, and each
hypothesis listens to all of it."""

SEMANTIC_SILENCE_MS = {"low": 1500, "medium": 800, "auto": 800, "high": 400}
"""`semantic_vad` waits until a thought seems over; the nearest that silence alone can come to that,
where there is no turn model."""

SEMANTIC_TURN = {"low": "patient", "medium": "auto", "auto": "auto", "high": "fast"}
"""The rule for turns that an eagerness comes to: 0.7 or 3 s, 0.5 or 1 s, 0.2 or 1 s of silence, all
below the 8, 4 and 2 s that OpenAI waits at most."""


class InvalidConfigurationError(ValueError):
    """A value that cannot be honoured, and where it stands."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pcm(_Part):
    """Signed 16-bit little-endian samples. The API knows 24 kHz alone; others are taken too."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: int = Field(default=24_000, ge=8_000, le=48_000)


class G711(_Part):
    """Telephony at 8 kHz."""

    type: Literal["audio/pcmu", "audio/pcma"]


class Transcription(_Part):
    """What is to be heard; any name of a model means the one that is loaded."""

    model: str | None = None
    language: str | None = None


class ServerVad(_Part):
    """Silence commits. The pre-roll is always 300 ms; the threshold is for Silero."""

    type: Literal["server_vad"] = "server_vad"
    threshold: float | None = Field(default=0.5, ge=0, le=1)
    prefix_padding_ms: int | None = 300
    silence_duration_ms: int | None = 500


class SemanticVad(_Part):
    """Silence commits, sooner or later."""

    type: Literal["semantic_vad"]
    eagerness: Literal["low", "medium", "high", "auto"] | None = "auto"


class AudioInput(_Part):
    """How audio comes, and who commits it: without turn detection the client."""

    format: Annotated[Pcm | G711, Field(discriminator="type")] | None = Pcm()
    transcription: Transcription | None = None
    noise_reduction: None = None
    turn_detection: Annotated[ServerVad | SemanticVad, Field(discriminator="type")] | None = (
        ServerVad()
    )


class Configuration(_Part):
    """The settings of a session."""

    input: AudioInput = AudioInput()

    def merged(self, session: Mapping[str, Any]) -> Configuration:
        """Put an update over this: what it does not name stays, what it sets to null is off.

        Raises InvalidConfigurationError for the first value that is wrong.
        """
        audio = session.get("audio")
        asked = audio.get("input") if isinstance(audio, dict) else None
        if not isinstance(asked, dict):
            return self
        merged = _merged(self.input.model_dump(exclude={"noise_reduction"}), asked)
        merged.pop("noise_reduction", None)
        try:
            return Configuration(input=AudioInput.model_validate(merged))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InvalidConfigurationError(f"session.audio.input.{place}", first["msg"]) from error

    def settings(self, host: Host) -> StreamSettings:
        """Return the stream's settings; raises InvalidConfigurationError."""
        source = self.input.format or Pcm()
        raw: dict[str, Any] = {"language": self._language(host)}
        match source:
            case Pcm():
                raw |= {"encoding": Encoding.PCM_S16LE, "sample_rate": source.rate}
            case G711():
                law = Encoding.MULAW if source.type == "audio/pcmu" else Encoding.ALAW
                raw |= {"encoding": law, "sample_rate": 8_000}
        match self.input.turn_detection:
            case None:
                raw |= {"vad": "off", "partial_interval_ms": UNCUT_PARTIAL_INTERVAL_MS}
            case ServerVad(silence_duration_ms=silence, threshold=threshold):
                raw["vad_threshold"] = SPEECH if threshold is None else threshold
                raw["endpoint_silence_ms"] = endpoint_silence_ms(
                    500 if silence is None else silence
                )
            case SemanticVad(eagerness=eagerness):
                raw |= self._semantic(eagerness or "auto", raw["language"], host)
        return host.stream_settings(raw)

    def _semantic(self, eagerness: str, language: str, host: Host) -> dict[str, Any]:
        """Ask a turn model how much silence ends a turn; without one go by silence alone."""
        if host.turn_trouble(language) is not None:
            return {"endpoint_silence_ms": SEMANTIC_SILENCE_MS[eagerness]}
        return {"turn": SEMANTIC_TURN[eagerness]}

    def _language(self, host: Host) -> str:
        asked = self.input.transcription.language if self.input.transcription else None
        language = known_language(asked or "", host.info.languages)
        if language is None:
            known = ", ".join(host.info.languages)
            message = f"not a language of the loaded model; supported are: {known}"
            raise InvalidConfigurationError("session.audio.input.transcription.language", message)
        return language


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Put new values over old ones, part by part; a part of another type starts from defaults."""
    result = dict(old)
    for name, value in new.items():
        before = old.get(name)
        if (
            isinstance(before, dict)
            and isinstance(value, dict)
            and value.get("type", before.get("type")) == before.get("type")
        ):
            value = _merged(before, value)
        result[name] = value
    return result


_BETA_FORMATS = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}


def session_of_beta(session: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the flat session of the API's beta into that of today.

    Raises InvalidConfigurationError for a format that it had not.
    """
    asked: dict[str, Any] = {}
    if "input_audio_format" in session:
        name = session["input_audio_format"]
        if not isinstance(name, str) or name not in _BETA_FORMATS:
            known = ", ".join(_BETA_FORMATS)
            raise InvalidConfigurationError("session.input_audio_format", f"supported are: {known}")
        asked["format"] = _BETA_FORMATS[name]
    if "input_audio_transcription" in session:
        asked["transcription"] = session["input_audio_transcription"]
    if "turn_detection" in session:
        asked["turn_detection"] = session["turn_detection"]
    return {"audio": {"input": asked}}
