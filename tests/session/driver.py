"""A session whose engine is played by the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from streamer.dispatch.job import Job, Withdrawal
from streamer.session.detection import Detect
from streamer.session.events import (
    Event,
)
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis

FRAME_S = 0.02
Kind = TypeVar("Kind")


def hypothesis_for(job: Job) -> Hypothesis:
    """One word for each third of a second, so that longer audio has more text."""
    words = [f"word{number}" for number in range(int(job.clip.seconds * 3))]
    return Hypothesis(" ".join(words), tuple(range(len(words))), 0.9)


@dataclass
class Driver:
    """Plays the scheduler: answers each job at once, or keeps it for later."""

    session: Session
    answering: bool = True
    events: list[Event] = field(default_factory=list[Event])
    jobs: list[Job] = field(default_factory=list[Job])
    withdrawn: list[Withdrawal] = field(default_factory=list[Withdrawal])
    questions: list[AskTurn] = field(default_factory=list[AskTurn])

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Job():
                    self.jobs.append(output)
                    if self.answering:
                        self.take(self.session.deliver(output, hypothesis_for(output)))
                case Withdrawal():
                    self.withdrawn.append(output)
                case Detect():
                    raise AssertionError("webrtc and off judge in the session")
                case AskTurn():
                    self.questions.append(output)
                case _:
                    self.events.append(output)

    def feed(self, data: bytes, sizes: list[int] | None = None) -> None:
        """Feed pieces of these sizes, then the rest; by default as live audio comes."""
        if sizes is None:
            sizes = [640] * (len(data) // 640)
        for size in sizes:
            self.take(self.session.feed(data[:size]))
            data = data[size:]
        self.take(self.session.feed(data))

    def answer(self, job: Job) -> None:
        self.take(self.session.deliver(job, hypothesis_for(job)))

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def driver(*, answering: bool = True, **settings: object) -> Driver:
    chosen = StreamSettings.model_validate({"language": "en", **settings})
    return Driver(Session("s", chosen, min_speech_ms=160), answering)
