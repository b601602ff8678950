"""A session at work: the sans-I/O core joined to the dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, Withdrawal
from streamer.pipeline.detection import VoiceDetection
from streamer.pipeline.memory_budget import SESSION_BYTES, MemoryBudget
from streamer.pipeline.observers import SessionObserver
from streamer.pipeline.turn_judge import TurnJudge
from streamer.session.detection import Detect
from streamer.session.events import Event
from streamer.session.inputs import (
    AudioHeld,
    CutShort,
    Detected,
    Input,
    JobDone,
    JobFailed,
    PartialsSlowed,
    TurnJudged,
)
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis

MAX_OWED_S = 120.0
"""Seconds of closed utterances, and of audio that is not judged yet, that a session may owe before
whoever feeds it has to wait: enough to keep a queue full with files, and what bounds the memory of
finals."""

SLOWED_AFTER = 3
"""Partials superseded in a row before the client is told that they come slowly."""


class SessionRunner:
    """Carries out what the session decides, and hands its events to `emit`, in order.

    Lives on the event loop. `emit` must not block and must not call back. It is `writable` as long
    as the session owes little enough to take more audio, and once it is closed.
    """

    def __init__(
        self,
        session: Session,
        dispatcher: Dispatcher,
        emit: Callable[[Event], None],
        observers: Sequence[SessionObserver] = (),
        detection: VoiceDetection | None = None,
        judge: TurnJudge | None = None,
        memory: MemoryBudget | None = None,
    ) -> None:
        self._session = session
        self._dispatcher = dispatcher
        self._emit = emit
        self._observers = observers
        self._judge = judge
        self.account = dispatcher.open_account()
        self.writable = True
        self._became_writable = asyncio.Event()
        self._became_writable.set()
        self._superseded = 0
        self._closed = False
        self._memory = memory or MemoryBudget()
        self._memory.enter(self)
        self._held = self._memory.holding(SESSION_BYTES)
        channels = session.settings.channels
        self._detection = detection.open(channels, self._detected) if detection else None

    @property
    def settings(self) -> StreamSettings:
        """The settings in force."""
        return self._session.settings

    @property
    def audio_s(self) -> float:
        """Seconds of audio heard on each channel."""
        return self._session.audio_s

    @property
    def owes(self) -> bool:
        """Whether closed utterances still wait for their final."""
        return self._session.owed_s > 0

    @property
    def open_s(self) -> float:
        """Seconds of audio in open utterances."""
        return self._session.open_s

    async def wait_writable(self) -> None:
        """Wait until it is writable."""
        await self._became_writable.wait()

    def handle(self, given: Input) -> None:
        """Give the session an input; before more audio than one piece, wait until `writable`."""
        for observer in self._observers:
            observer.on_input(given)
        if (outputs := self._session.handle(given)) or not self.writable:
            self._carry_out(outputs)

    def close(self) -> None:
        """Forget everything: nobody listens any more."""
        if self._closed:
            return
        self._closed = True
        self._memory.leave(self)
        self._held.close()
        self._set_writable(True)
        if self._detection is not None:
            self._detection.close()
        self._dispatcher.withdraw_session(self._session.id)
        for observer in self._observers:
            observer.on_close()

    def cut_short(self) -> None:
        """End what is open: the server is short of memory."""
        self.handle(CutShort())

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None:
        """The dispatcher's answer to a job."""
        self._superseded = 0
        if not self._closed:
            self.handle(JobDone(job, hypothesis))

    def on_failure(self, job: Job, message: str) -> None:
        """The dispatcher's news that a job cannot be done."""
        if not self._closed:
            self.handle(JobFailed(job, message))

    def on_superseded(self, job: Job) -> None:
        """The dispatcher's news that a partial was never run."""
        self._superseded += 1
        if self._superseded == SLOWED_AFTER and not self._closed:
            self.handle(PartialsSlowed())

    def _detected(self, found: Detected) -> None:
        if not self._closed:
            self.handle(found)

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Job():
                    self._dispatcher.submit(output, self)
                case Withdrawal(key):
                    self._dispatcher.withdraw(key)
                case Detect():
                    assert self._detection is not None, "who offers a detector brings it"
                    self._detection.submit(output)
                case AskTurn():
                    self._ask_turn(output)
                case _:
                    for observer in self._observers:
                        observer.on_event(output)
                    self._emit(output)
        if not self._closed:
            self._weigh()

    def _weigh(self) -> None:
        """Say what is held now, and see whether more may come.

        Only with outputs can more be owed than before, and with each second of audio come some.
        """
        if self._held.hold(SESSION_BYTES + self._session.size):
            self._memory.relieve()
        spared = not self.owes if self._memory.is_full else self._session.owed_s < MAX_OWED_S
        if spared:
            self._set_writable(True)
        elif self.writable:
            self._set_writable(False)
            self.handle(AudioHeld())

    def _ask_turn(self, question: AskTurn) -> None:
        def answer(probability: float) -> None:
            if not self._closed:
                asked = question.channel, question.utterance, question.pause
                self.handle(TurnJudged(*asked, probability))

        if self._judge is not None:
            self._judge.ask(question, answer)

    def _set_writable(self, writable: bool) -> None:
        self.writable = writable
        if writable:
            self._became_writable.set()
        else:
            self._became_writable.clear()
