"""Asking a turn model: threads of its own, few, and nobody waits for long."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from streamer.runtime.threads import lower_priority
from streamer.session.outputs import AskTurn
from streamer.turns.models.base import TurnModel, TurnModelInfo

log = logging.getLogger(__name__)

MAX_WAITING = 8
"""Asks a thread that may wait. One takes Smart Turn some 60 ms of a core: who comes behind eight
gets no answer before half a second of silence has passed, and that answers by itself."""

CLOSE_TIMEOUT_S = 2.0

Answer = Callable[[float], None]


class AskOutcome(StrEnum):
    """What has become of an ask."""

    ANSWERED = "answered"
    LATE = "late"  # its deadline passed before a thread had time for it
    SHED = "shed"  # too many were waiting
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    question: AskTurn
    deadline: float
    answer: Answer


class TurnJudge:
    """A turn model behind a bounded queue.

    An ask that is late, shed or failed gets no answer: whoever asked goes by silence then. `ask`
    and the answers belong to the event loop that `start` was called on.
    """

    def __init__(
        self,
        model: TurnModel,
        threads: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[_Ask] = deque()
        self._room = MAX_WAITING * threads
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on_outcome: Callable[[AskOutcome], None] = _nobody
        """Told what has become of each ask; called on the event loop."""
        # Daemons: a model that hangs does not keep the process alive.
        self._threads = [
            threading.Thread(target=self._run, name=f"turns {number}", daemon=True)
            for number in range(threads)
        ]

    @property
    def info(self) -> TurnModelInfo:
        """The model's own description."""
        return self._model.info

    def start(self) -> None:
        """Start the threads."""
        self._loop = asyncio.get_running_loop()
        for thread in self._threads:
            thread.start()

    def ask(self, question: AskTurn, answer: Answer) -> None:
        """Ask about a pause; never waits. `answer` is given the probability, if it is in time."""
        deadline = self._clock() + question.within_s
        with self._changed:
            shed = len(self._waiting) >= self._room
            if not shed:
                self._waiting.append(_Ask(question, deadline, answer))
                self._changed.notify()
        if shed:
            self.on_outcome(AskOutcome.SHED)

    async def close(self) -> None:
        """Let the asks at work end; what waits gets no answer."""
        with self._changed:
            self._closing = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                await asyncio.to_thread(thread.join, CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        lower_priority()
        while (asked := self._next()) is not None:
            if self._clock() > asked.deadline:
                self._tell(AskOutcome.LATE)
                continue
            try:
                probability = self._model.probability(asked.question.samples)
            except Exception:  # a model may raise anything; it is this ask's alone
                log.exception("the turn model failed: this pause goes by silence")
                self._tell(AskOutcome.FAILED)
            else:
                self._tell(AskOutcome.ANSWERED, asked.answer, probability)

    def _next(self) -> _Ask | None:
        with self._changed:
            while not (self._waiting or self._closing):
                self._changed.wait()
            return None if self._closing else self._waiting.popleft()

    def _tell(
        self, outcome: AskOutcome, answer: Answer | None = None, probability: float = 0.0
    ) -> None:
        def tell() -> None:
            self.on_outcome(outcome)
            if answer is not None:
                answer(probability)

        assert self._loop is not None, "threads run only after `start`"
        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:
            if not self._closing:
                raise  # the loop is closed while we are not


def _nobody(_: AskOutcome) -> None:
    """Nobody wants to know."""
