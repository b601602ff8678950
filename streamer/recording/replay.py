"""A recording run again: the same inputs through the session core and an engine.

A session's events follow from its inputs, and hypotheses are inputs: so a replay puts in what was
recorded, in the recorded order, and the events must be the same to the last bit. Each hypothesis
that was used is asked for again, for the audio that the replay's own session cut, and must be the
same in text and tokens.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.dispatch.job import Job, UtteranceKey, Withdrawal
from streamer.recording.entries import (
    Ended,
    Entry,
    Failed,
    Gave,
    Header,
    Heard,
    JobName,
    RecordedInput,
    RecordingEnd,
    Took,
)
from streamer.session.detection import Detect
from streamer.session.events import Event, Final
from streamer.session.inputs import Detected, Input, JobDone, JobFailed
from streamer.session.outputs import AskTurn
from streamer.session.session import Session
from streamer.speech.clip import Clip, StoredClip
from streamer.speech.hypothesis import Hypothesis

CONFIDENCE_TOLERANCE = 5e-3
"""Sums of floats, and with INT8 the kernels, depend on who shared the batch: 0.0014 was seen with
the embedded model. A text never does."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that is not as it was; None where there is nothing on one side."""

    line: int
    at: float
    recorded: Event | Hypothesis | Detected | Heard | Failed | None
    replayed: Event | Hypothesis | str | None


@dataclass(slots=True)
class Tally:
    """What was the same."""

    inputs: int = 0
    events: int = 0
    hypotheses: int = 0
    audio_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    line: int
    at: float
    clip: Clip
    recorded: Hypothesis


class Replay:
    """Runs one recording. Blocks as long as the engine does."""

    def __init__(
        self,
        header: Header,
        engine: StepEngine,
        max_batch: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = Session(header.session, header.settings, header.min_speech_ms)
        self._engine = engine
        self._max_batch = max_batch
        self._clock = clock
        self._due: deque[Event] = deque()  # events of the replay that the recording must have next
        self._asked: dict[JobName, Job] = {}
        self._names: set[JobName] = set()  # of all jobs so far
        self._questions: list[_Question] = []
        self.tally = Tally()

    def run(self, entries: Iterable[tuple[int, Entry]]) -> Difference | None:
        """Run to the end; returns the first difference. Raises what reading the entries raises."""
        began = self._clock()
        try:
            for line, entry in entries:
                if (difference := self._step(line, entry)) is not None:
                    # An earlier hypothesis may be different as well, and then is the cause.
                    return self._ask() or difference
            return self._ask()
        finally:
            self.tally.audio_s = self._session.audio_s
            self.tally.wall_s = self._clock() - began

    def _step(self, line: int, entry: Entry) -> Difference | None:
        match entry:
            case Gave(at, event):
                replayed = self._due.popleft() if self._due else None
                if replayed != event:
                    return Difference(line, at, event, replayed)
                self.tally.events += 1
            case Took(at, given):
                if self._due:
                    return Difference(line, at, None, self._due[0])
                if isinstance(given, Heard | Failed) and given.job not in self._names:
                    return Difference(line, at, given, f"nobody asked for {given.job}")
                if isinstance(given, Detected) and not self._session.wants(given):
                    return Difference(line, at, given, "other frames were to be judged")
                self._put(line, at, given)
                if len(self._questions) >= self._max_batch:
                    return self._ask()
            case Ended(reason):
                if self._due and reason is RecordingEnd.CLOSED:
                    return Difference(line, 0.0, None, self._due[0])
        return None

    def _put(self, line: int, at: float, given: RecordedInput) -> None:
        self.tally.inputs += 1
        for output in self._session.handle(self._input(line, at, given)):
            match output:
                case Job():
                    name = JobName.of(output)
                    self._asked[name] = output
                    self._names.add(name)
                case Withdrawal() | Detect() | AskTurn():
                    pass  # what detectors and judges found is among its inputs
                case _:
                    if isinstance(output, Final):
                        self._forget(output.channel, output.utterance)
                    self._due.append(output)

    def _input(self, line: int, at: float, given: RecordedInput) -> Input:
        match given:
            case Heard(name, hypothesis):
                job = self._asked.pop(name, None)
                if job is not None:
                    self._questions.append(_Question(line, at, job.clip.loaded(), hypothesis))
                return JobDone(job or self._stub(name), hypothesis)
            case Failed(name, message):
                return JobFailed(self._asked.get(name) or self._stub(name), message)
            case _:
                return given

    def _stub(self, name: JobName) -> Job:
        """A job whose answer came too late to matter, so that its audio is forgotten."""
        key = UtteranceKey(self._session.id, name.channel, name.utterance)
        silence = StoredClip(np.zeros(0, np.int16), self._session.settings.decode_options)
        return Job(key, name.kind, silence, name.end, 0.0)

    def _forget(self, channel: int, utterance: int) -> None:
        """Forget the jobs of an utterance that has its final: no answer to them matters."""
        for name in list(self._asked):
            if (name.channel, name.utterance) == (channel, utterance):
                del self._asked[name]

    def _ask(self) -> Difference | None:
        """Ask the engine all that is to be asked, together."""
        questions, self._questions = self._questions, []
        try:
            answers = dict(transcribe(self._engine, [question.clip for question in questions]))
        except Exception as error:  # noqa: BLE001 - an engine may raise anything: a difference too
            self._engine.reset()
            first = questions[0]
            told = f"the engine failed: {error}"
            return Difference(first.line, first.at, first.recorded, told)
        for number, question in enumerate(questions):
            if not _same(question.recorded, answers[number]):
                return Difference(question.line, question.at, question.recorded, answers[number])
            self.tally.hypotheses += 1
        return None


def _same(one: Hypothesis, other: Hypothesis) -> bool:
    if one.confidence is None or other.confidence is None:
        near = one.confidence is other.confidence
    else:
        near = abs(one.confidence - other.confidence) <= CONFIDENCE_TOLERANCE
    return near and (one.text, one.tokens) == (other.text, other.tokens)
