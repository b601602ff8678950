"""What a session tells its client. Times are seconds of the channel's audio."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from streamer.speech.end_reason import EndReason
from streamer.speech.hypothesis import Word


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """An utterance was opened; exactly one `Final` will follow."""

    channel: int
    utterance: int
    at: float


@dataclass(frozen=True, slots=True)
class Partial:
    """The hypothesis so far; its first `stable` characters stay until the final."""

    channel: int
    utterance: int
    text: str
    stable: int
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """A turn model has judged a pause; `text` is the final's if nobody speaks again.

    `probability`, 0 to 1, is how likely it is that the speaker has finished.
    """

    channel: int
    utterance: int
    at: float
    probability: float
    text: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """Somebody speaks again after a `TurnPaused`."""

    channel: int
    utterance: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """An utterance was closed."""

    channel: int
    utterance: int
    at: float
    reason: EndReason


@dataclass(frozen=True, slots=True)
class Final:
    """The text of an utterance; empty if nothing was recognisable.

    `words`, where they were asked for, lie one after the other between `start` and `end`. `failure`
    says why the engine gave nothing; `EngineFailed` then follows. `confidence` is None where the
    engine does not tell.
    """

    channel: int
    utterance: int
    text: str
    start: float
    end: float
    reason: EndReason
    language: str
    confidence: float | None
    words: tuple[Word, ...] | None = None
    failure: str | None = None

    @property
    def usage_s(self) -> float:
        """Seconds of audio that it is charged for: those it was heard in, none if it failed."""
        return 0.0 if self.failure else self.end - self.start


@dataclass(frozen=True, slots=True)
class Flushed:
    """Every final before the flush of this id has been sent."""

    id: str | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Every final that touches the first `audio` seconds has been sent."""

    audio: float


class WarningCode(StrEnum):
    """Things that a client may want to know; service goes on."""

    PARTIALS_SLOWED = "partials_slowed"
    AUDIO_AHEAD = "audio_ahead"
    CUT_SHORT = "cut_short"
    INVALID_SAMPLES = "invalid_samples"
    INCOMPLETE_SAMPLE = "incomplete_sample"
    AUDIO_AFTER_STOP = "audio_after_stop"
    UNLIKELY_AUDIO = "unlikely_audio"
    CHANNELS_CANCEL = "channels_cancel"
    QUIET_AUDIO = "quiet_audio"
    CLIPPED_AUDIO = "clipped_audio"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is not as it should be, but nothing is lost that could be kept."""

    code: WarningCode
    message: str


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The engine could not transcribe this utterance; its final is empty."""

    channel: int
    utterance: int
    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """All is transcribed and sent."""

    audio: float
    utterances: int


Event = (
    SpeechStarted
    | Partial
    | TurnPaused
    | TurnResumed
    | SpeechEnded
    | Final
    | Flushed
    | Acknowledged
    | Warned
    | EngineFailed
    | Done
)
