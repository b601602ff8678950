"""A carrier without sockets, clocks or threads: a test decides when the engine answers."""

from __future__ import annotations

from collections.abc import Iterable

from engines import words_of

from streamer.dispatch.job import Job, Withdrawal
from streamer.protocols.dialect import Action, Close, Dialect, Open, Result, Say, SessionEnd
from streamer.session.detection import Detect
from streamer.session.events import Done
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.session.outputs import AskTurn, Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings


class Carrier:
    """Carries out what a dialect asks for; `said` is what goes over the wire, in order.

    Jobs wait until `answer`; a stream that another takes the place of gets its answers first.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.said: list[str] = []
        self.closed: Close | None = None
        self.jobs: list[Job] = []
        self._session: Session | None = None
        self._replaced = False
        self.carry_out(dialect.connected())

    def send(self, message: str | bytes) -> None:
        self.carry_out(self.dialect.received(message))

    def carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Open(settings):
                    self._open(settings)
                case Audio() | Configure() | Flush() | Stop():
                    self._take(self.session.handle(action))
                case Say() | Close():
                    self._put(action)
                case _:
                    raise AssertionError(action)

    def answer(self, which: int | None = None) -> None:
        """Let the engine answer a job that waits, or all of them."""
        if which is not None and self.jobs:
            job = self.jobs.pop(which % len(self.jobs))
            self._take(self.session.deliver(job, words_of(job.clip)))
        while which is None and self.jobs:
            job = self.jobs.pop(0)
            self._take(self.session.deliver(job, words_of(job.clip)))

    @property
    def session(self) -> Session:
        assert self._session is not None
        return self._session

    def _open(self, settings: StreamSettings) -> None:
        if self._session is not None:
            self._replaced = True
            self._take(self.session.stop())
            self.answer()
            self._replaced = False
        self._session = Session("s", settings, min_speech_ms=160)

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Job():
                    self.jobs.append(output)
                case Withdrawal() | Detect() | AskTurn():
                    pass
                case Done() if self._replaced:
                    pass
                case Done():
                    self._tell(self.dialect.finished(output, SessionEnd.STOPPED))
                case _:
                    self._tell(self.dialect.happened(output))

    def _tell(self, results: Iterable[Result]) -> None:
        for result in results:
            assert isinstance(result, Say | Close)
            self._put(result)

    def _put(self, reply: Say | Close) -> None:
        if isinstance(reply, Close):
            self.closed = reply
        else:
            self.said.append(self.dialect.encode(reply.message))
