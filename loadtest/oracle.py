"""The judge of every disturbance: what a client had accepted, against what it was told.

Each accepted sample lies in exactly one final, in the silence between finals, or in one explicit
error; each `speech_started` has one final; and an undisturbed run of the same audio says the same.
(That `seq` has no gap and no repeat `streamer.client.transcribe` sees to itself: it raises.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from streamer.protocols.native.messages import (
    Done,
    Error,
    Final,
    Flushed,
    Partial,
    Ready,
    ServerMessage,
    SpeechEnded,
    SpeechStarted,
)

ALIKE = 0.9
"""Share of words that a new server must hear as the old one would have."""

TOLERANCE_S = 0.002
"""Rounding of times, and a resampler's last sample."""


@dataclass(slots=True)
class History:
    """What one client sent, in seconds of audio and ids of flushes, and what it was told when.

    `began` is when its first sample was sent, on the clock of `came`.
    """

    accepted_s: float = 0.0
    flushes: list[str | None] = field(default_factory=list[str | None])
    messages: list[ServerMessage] = field(default_factory=list[ServerMessage])
    began: float = 0.0
    came: list[float] = field(default_factory=list[float])

    def told(self, now: float, message: ServerMessage) -> None:
        """Note a message, and when it came."""
        self.messages.append(message)
        self.came.append(now)

    @property
    def waits(self) -> list[float]:
        """Seconds from the end of each utterance that a silence closed to its final, if live."""
        return [
            now - self.began - one.end
            for now, one in zip(self.came, self.messages, strict=True)
            if isinstance(one, Final) and one.reason.by_silence
        ]

    @property
    def finals(self) -> list[Final]:
        """The finals by channel and utterance."""
        finals = [one for one in self.messages if isinstance(one, Final)]
        return sorted(finals, key=lambda one: (one.channel, one.utterance))

    @property
    def sessions(self) -> int:
        """How many sessions it took; more than one after a server was lost."""
        return len({one.session for one in self.messages if isinstance(one, Ready)})

    @property
    def resumptions(self) -> int:
        """How often a session was resumed."""
        return sum(1 for one in self.messages if isinstance(one, Ready) and one.resumed)

    def problems(self, undisturbed: Sequence[Final] | None = None) -> list[str]:
        """Return what is wrong, in words; the undisturbed run's finals are those of `finals`."""
        return [
            *self._broken_order(),
            *self._uncovered(),
            *self._unanswered(),
            *([] if undisturbed is None else self._otherwise_heard(undisturbed)),
        ]

    def _broken_order(self) -> list[str]:
        """Each utterance is started, told of, ended and finished once, one after the other."""
        found: list[str] = []
        states: dict[tuple[int, int], str] = {}
        order: dict[int, list[int]] = defaultdict(list)
        for message in self.messages:
            match message:
                case SpeechStarted():
                    expected, state = (None,), "started"
                case Partial():
                    expected, state = ("started",), "started"
                case SpeechEnded():
                    expected, state = ("started",), "ended"
                case Final():
                    expected, state = ("ended",), "final"
                    order[message.channel].append(message.utterance)
                case _:
                    continue
            key = (message.channel, message.utterance)
            if self.sessions == 1 and states.get(key) not in expected:
                found.append(f"{message.type} of {key} after {states.get(key)}")
            elif state == "final" and states.get(key) == "final":
                found.append(f"{key} has two finals")
            states[key] = state
        found += [f"{key} has no final" for key, state in states.items() if state != "final"]
        for channel, numbers in order.items():
            if numbers != list(range(len(numbers))):
                found.append(f"channel {channel}: finals came as {numbers}")
        return found

    def _uncovered(self) -> list[str]:
        """Finals do not overlap, and all that was accepted was received."""
        found: list[str] = []
        ends: dict[int, float] = defaultdict(float)
        for final in self.finals:
            if final.start < ends[final.channel] - TOLERANCE_S or final.end < final.start:
                found.append(f"final {final.channel} {final.utterance} overlaps the one before")
            ends[final.channel] = final.end
        match self.messages[-1:]:
            case [Done(audio=audio)]:
                if abs(audio - self.accepted_s) > TOLERANCE_S:
                    found.append(f"{self.accepted_s} s were accepted, {audio} s received")
                found += [
                    f"a final ends after {end} s" for end in ends.values() if end > audio + 0.02
                ]
            case _:
                found.append("the last message is not done")
        return found

    def _unanswered(self) -> list[str]:
        answers = [one.id for one in self.messages if isinstance(one, Flushed)]
        return [] if answers == self.flushes else [f"flushes {self.flushes}: answers {answers}"]

    def _otherwise_heard(self, undisturbed: Sequence[Final]) -> list[str]:
        """The same texts in the same places, except where an error has said otherwise.

        Where a new server has heard some of it again its detector began anew, and may cut some
        frames elsewhere: then the words must be alike.
        """
        failed = {
            (one.channel, one.utterance)
            for one in self.messages
            if isinstance(one, Error) and one.utterance is not None
        }
        if self.sessions > 1 and not failed:
            said, due = _words(self.finals), _words(undisturbed)
            alike = SequenceMatcher(None, said.split(), due.split(), autojunk=False).ratio()
            return [] if alike >= ALIKE else [f"{said!r} was heard, {due!r} undisturbed"]
        heard = {(one.channel, one.utterance): _heard(one) for one in self.finals}
        due = {(one.channel, one.utterance): _heard(one) for one in undisturbed}
        differ = sorted(key for key in heard | due if heard.get(key) != due.get(key))
        return [
            f"{key}: {heard.get(key)} was heard, {due.get(key)} undisturbed"
            for key in differ
            if key not in failed
        ]


def _heard(final: Final) -> tuple[str, float, float]:
    return final.text, round(final.start, 3), round(final.end, 3)


def _words(finals: Sequence[Final]) -> str:
    return " ".join(" ".join(one.text for one in finals).split())
