"""One transcript out of several sessions: their times and utterances on one line."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamer.protocols.native.messages import (
    Acknowledged,
    Done,
    Error,
    Final,
    Partial,
    ServerMessage,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from streamer.speech.end_reason import EndReason

JITTER_S = 0.1
"""Two sessions may place the same moment so much apart."""

Told = SpeechStarted | Partial | SpeechEnded | Final
"""What is told of an utterance."""


@dataclass(slots=True)
class _Channel:
    """What the user has been told of a channel: how many of each, and the last final's end."""

    started: int = 0
    ended: int = 0
    finals: int = 0
    settled: float = 0.0
    base: int = 0  # the user's number of this session's utterance 0
    repeats: set[int] = field(default_factory=set[int])


class Timeline:
    """Times are seconds of the user's audio; `origin` is where the present session begins.

    What an earlier session has told already is not told again.
    """

    def __init__(self) -> None:
        self._channels: dict[int, _Channel] = {}
        self._acknowledged = 0.0
        self._origin = 0.0

    @property
    def settled(self) -> float:
        """Audio before this second will never be needed again."""
        ends = [max(one.settled, self._acknowledged) for one in self._channels.values()]
        return min(ends, default=self._acknowledged)

    def begin(self, origin: float, channels: int) -> None:
        """A new session begins there: its utterances follow the last that had a final."""
        self._origin = origin
        for number in range(channels):
            channel = self._channels.setdefault(number, _Channel())
            channel.base = channel.finals
            channel.repeats.clear()

    def received_all(self, audio: float) -> None:
        """The session is over, and has told everything about so many of its seconds."""
        self._acknowledged = max(self._acknowledged, self._origin + audio)

    def place(self, message: ServerMessage) -> ServerMessage | None:
        """Return the message in the user's time, or None if it has been told before."""
        match message:
            case SpeechStarted() | Partial() | SpeechEnded() | Final():
                return self._utterance(message)
            case Acknowledged():
                self._acknowledged = max(self._acknowledged, self._origin + message.audio)
                return message.model_copy(update={"audio": self._origin + message.audio})
            case Error() if message.channel is not None and message.utterance is not None:
                number = self._number(message.channel, message.utterance)
                return message.model_copy(update={"utterance": number})
            case Done():
                told = sum(one.started for one in self._channels.values())
                audio = self._origin + message.audio
                return message.model_copy(update={"audio": audio, "utterances": told})
            case _:
                return message

    def owed(self, audio: float, language: str) -> list[Final]:
        """Finals for utterances that an earlier session began and the last heard otherwise."""
        return [
            Final(
                channel=number,
                utterance=utterance,
                text="",
                start=self._origin + audio,
                end=self._origin + audio,
                reason=EndReason.STOP,
                language=language,
                confidence=0.0,
                usage_s=0.0,
            )
            for number, channel in self._channels.items()
            for utterance in range(channel.finals, channel.started)
        ]

    def _utterance(self, message: Told) -> Told | None:
        channel = self._channels[message.channel]
        begins = isinstance(message, SpeechStarted)
        if begins and self._origin + message.at < channel.settled - JITTER_S:
            channel.repeats.add(message.utterance)
        if message.utterance in channel.repeats:
            return None
        number = self._number(message.channel, message.utterance)
        match message:
            case SpeechStarted() | SpeechEnded():
                told = channel.started if isinstance(message, SpeechStarted) else channel.ended
                if number < told:
                    return None
                if isinstance(message, SpeechStarted):
                    channel.started = number + 1
                else:
                    channel.ended = number + 1
                times: dict[str, object] = {"at": self._origin + message.at}
            case Partial():
                times = self._span(message)
            case Final():
                channel.finals = number + 1
                channel.settled = self._origin + message.end
                times = self._span(message)
                if message.words is not None:
                    times["words"] = [self._word(word) for word in message.words]
        return message.model_copy(update={"utterance": number, **times})

    def _number(self, channel: int, utterance: int) -> int:
        one = self._channels[channel]
        return one.base + utterance - sum(1 for repeat in one.repeats if repeat < utterance)

    def _span(self, message: Partial | Final) -> dict[str, object]:
        return {"start": self._origin + message.start, "end": self._origin + message.end}

    def _word(self, word: Word) -> Word:
        times = {"start": self._origin + word.start, "end": self._origin + word.end}
        return word.model_copy(update=times)
