"""What a client may ask of its stream, with limits and defaults (native protocol, version 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from streamer.audio.encodings import Encoding
from streamer.masking.rules import TextRules
from streamer.masking.wishes import Masking
from streamer.speech.clip import MAX_CLIP_S
from streamer.speech.languages import known_language
from streamer.speech.options import DecodeOptions
from streamer.turns.rules import HOLD_MS, LIKELY, PLAIN_SILENCE_MS, TurnRule, waits_of
from streamer.turns.waits import TurnPolicy
from streamer.vad.base import SPEECH, DetectorOptions, JudgedOutside, VoiceDetector
from streamer.vad.registry import ALWAYS_HERE, DETECTORS, PROBABLE


def _split(value: object) -> object:
    """Take names with commas: a query has no lists."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


def _known_detector(name: str) -> str:
    if name not in DETECTORS:
        raise ValueError("is not a voice detector of this server")
    return name


class Changeable(Masking):
    """The settings that `configure` may change from the next utterance on, masking aside."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    language: str = Field(description="a language code of the loaded model, with or without region")
    punctuation: bool = Field(default=True, description="cased and punctuated text")
    partials: bool = Field(default=True, description="send hypotheses while speech goes on")
    partial_interval_ms: int = Field(
        default=300, ge=100, le=5000, description="least time between two partials"
    )
    endpoint_silence_ms: int = Field(
        default=PLAIN_SILENCE_MS, ge=100, le=3000, description="silence that closes an utterance"
    )
    turn: TurnRule = Field(
        default=TurnRule.SILENCE, description="who says that an utterance is over"
    )
    turn_hold_ms: int = Field(
        default=HOLD_MS, ge=200, le=60_000, description="silence that closes an unfinished turn"
    )
    turn_threshold: float = Field(
        default=LIKELY, ge=0, le=1, description="probability from which a turn is likely finished"
    )
    words: bool = Field(
        default=False, description="word timings and confidences in finals, where the model can"
    )
    vad_threshold: float = Field(
        default=SPEECH, ge=0, le=1, description="probability from which silero takes it for speech"
    )

    @model_validator(mode="before")
    @classmethod
    def _waits_of_the_rule(cls, raw: object) -> object:
        """Let a rule bring its own waits, where nobody asks for others."""
        if not isinstance(raw, dict):
            return raw
        given = cast("dict[str, Any]", raw)
        waits = waits_of(given.get("turn"))
        if waits is None:
            return given
        wanted = {"endpoint_silence_ms": waits.likely_ms, **given}
        likely = str(wanted["endpoint_silence_ms"])
        if "turn_hold_ms" not in wanted and likely.isdecimal():
            wanted["turn_hold_ms"] = waits.hold_ms(int(likely))
        return wanted

    @property
    def plain_silence_ms(self) -> int:
        """The silence that closes an utterance when no turn model has said anything of it."""
        if self.turn is TurnRule.SILENCE:
            return self.endpoint_silence_ms
        return max(self.endpoint_silence_ms, PLAIN_SILENCE_MS)

    @property
    def turn_policy(self) -> TurnPolicy | None:
        """What is made of a turn model's answers; None where none is asked."""
        if self.turn is TurnRule.SILENCE:
            return None
        return TurnPolicy(self.turn_threshold, self.endpoint_silence_ms, self.turn_hold_ms)

    @property
    def text_rules(self) -> TextRules:
        """What is masked and replaced in all text."""
        return self.rules_of(self.language)

    @property
    def decode_options(self) -> DecodeOptions:
        """What the engine is told of them."""
        return DecodeOptions(self.language, punctuation=self.punctuation, words=self.words)


class StreamSettings(Changeable):
    """Every setting of a stream; `configure` may change those of `Changeable`."""

    encoding: Encoding = Field(default=Encoding.PCM_S16LE, description="how samples are written")
    sample_rate: int = Field(default=16_000, ge=8_000, le=48_000, description="Hz")
    channels: int = Field(default=1, ge=1, le=8, description="interleaved channels")
    labels: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], BeforeValidator(_split)
    ] = Field(default=(), description="names of the channels, told with what is said there")
    ordered: bool = Field(
        default=False, description="finals of all channels in the order of their starts"
    )
    max_utterance_s: float = Field(
        default=MAX_CLIP_S, ge=1, le=MAX_CLIP_S, description="longest utterance"
    )
    vad: Annotated[str, AfterValidator(_known_detector)] = Field(
        default=ALWAYS_HERE[0],
        description="what opens and closes utterances",
        json_schema_extra={"enum": list(DETECTORS)},
    )
    vad_aggressiveness: int = Field(
        default=2, ge=0, le=3, description="how readily webrtc rejects noise"
    )

    @property
    def speech_threshold(self) -> float:
        """The probability from which a frame is speech: a verdict, 0 or 1, needs none."""
        return self.vad_threshold if self.vad in PROBABLE else SPEECH

    def detector(self) -> VoiceDetector | JudgedOutside:
        """Make a detector as they say, for one channel."""
        return DETECTORS[self.vad](DetectorOptions(self.vad_aggressiveness))


CHANGEABLE = [name for name in Changeable.model_fields if name not in Masking.model_fields]
"""What `configure` may change."""

_NAMES = "a name for each channel: a list, or text with commas"

Accepted = list[Any] | str
"""Values that a setting may have: a list, or a range in words."""


class InvalidSettingError(ValueError):
    """A setting that cannot be honoured: which, why, and what would have been accepted."""

    def __init__(self, setting: str, message: str, accepted: Accepted) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting
        self.accepted = accepted

    @property
    def choices(self) -> str:
        """What would have been accepted, in words."""
        return (
            self.accepted if isinstance(self.accepted, str) else ", ".join(map(str, self.accepted))
        )


def parse_settings(
    raw: Mapping[str, Any], languages: Sequence[str], detectors: Sequence[str] = ALWAYS_HERE
) -> StreamSettings:
    """Check the settings of a new stream; language and detector default to the server's first.

    Raises InvalidSettingError for the first value that is wrong.
    """
    if raw.get("vad", detectors[0]) not in detectors:
        raise InvalidSettingError("vad", "is not a voice detector of this server", list(detectors))
    return _checked({"language": languages[0], "vad": detectors[0], **raw}, languages)


def parse_changes(
    current: StreamSettings, raw: Mapping[str, Any], languages: Sequence[str]
) -> StreamSettings:
    """Check the settings of a `configure` and put them over the current ones.

    Raises InvalidSettingError for the first value that is wrong or cannot be changed.
    """
    for name in raw:
        if name not in CHANGEABLE:
            raise InvalidSettingError(name, "cannot be changed in a running stream", CHANGEABLE)
    kept = current.model_dump()
    for name in _of_the_rule(current):
        del kept[name]
    return _checked(kept | dict(raw), languages)


def _of_the_rule(current: StreamSettings) -> list[str]:
    """Name the settings that are as the rule brings them: with another rule they change."""
    plain = {name: current.model_dump()[name] for name in ("language", "turn")}
    defaults = StreamSettings.model_validate(plain)
    waits = ("endpoint_silence_ms", "turn_hold_ms")
    return [name for name in waits if getattr(current, name) == getattr(defaults, name)]


def check_words(settings: Changeable, word_timings: bool) -> None:
    """Raise InvalidSettingError where words are asked of a model that cannot tell their times."""
    if settings.words and not word_timings:
        raise InvalidSettingError("words", "the loaded model cannot tell word timings", [False])


def _checked(raw: Mapping[str, Any], languages: Sequence[str]) -> StreamSettings:
    try:
        settings = StreamSettings.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise InvalidSettingError(
            name, _message(first["type"], first["msg"]), _accepted(name)
        ) from error
    language = known_language(settings.language, languages)
    if language is None:
        raise InvalidSettingError(
            "language", "is not a language of the loaded model", list(languages)
        )
    if settings.encoding is Encoding.OPUS and settings.channels > 2:
        raise InvalidSettingError("channels", "of Opus packets are one or two", [1, 2])
    if settings.labels and len(settings.labels) != settings.channels:
        count = f"{len(settings.labels)} for {settings.channels} channels"
        raise InvalidSettingError("labels", count, _NAMES)
    return settings.model_copy(update={"language": language})


def _message(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is not a setting of this version of the server"
    return message.removeprefix("Value error, ")


def _accepted(name: str) -> Accepted:
    """Read off the model's own schema what a setting may be."""
    schema = _schema()
    properties: dict[str, dict[str, Any]] = schema["properties"]
    if name not in properties:
        return list(properties)
    described = properties[name]
    if "$ref" in described:
        described = schema["$defs"][described["$ref"].rsplit("/", 1)[-1]]
    if "accepted" in described:
        return str(described["accepted"])
    if "enum" in described:
        return list(described["enum"])
    if described.get("type") == "array":
        return _NAMES
    if "minimum" in described:
        return f"{described['minimum']} to {described['maximum']}"
    return [True, False] if described["type"] == "boolean" else str(described["type"])


@cache
def _schema() -> dict[str, Any]:
    """Make it once: it takes 2 ms, and anybody may send wrong settings."""
    return StreamSettings.model_json_schema()
