"""A session at work: the sans-I/O core joined to the scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import Job, Withdrawal
from streamer.session.events import Event
from streamer.session.inputs import (
    AudioCame,
    AudioHeld,
    FlushAsked,
    Input,
    JobFailed,
    JobHeard,
    PartialsSlowed,
    SettingsChanged,
    StopAsked,
    put,
)
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.hypothesis import Hypothesis

MAX_OWED_S = 120.0
"""Seconds of closed utterances a session may owe before whoever feeds it has to wait: enough to
keep a queue full with files, and what bounds the memory of finals."""

SLOWED_AFTER = 3
"""Partials superseded in a row before the client is told that they come slowly."""


class SessionObserver(Protocol):
    """Sees all that goes into a session and all that comes out, in order; must not block."""

    def took(self, given: Input) -> None:
        """The session is about to be given this."""
        ...

    def gave(self, event: Event) -> None:
        """The session tells this."""
        ...

    def ended(self) -> None:
        """Nothing more will follow."""
        ...


class SessionRunner:
    """Carries out what the session decides, and hands its events to `emit`, in order.

    Lives on the event loop. `emit` must not block and must not call back.
    """

    def __init__(
        self,
        session: Session,
        dispatcher: Dispatcher,
        emit: Callable[[Event], None],
        witnesses: Sequence[SessionObserver] = (),
    ) -> None:
        self._session = session
        self._dispatcher = dispatcher
        self._emit = emit
        self._witnesses = witnesses
        self._room = asyncio.Event()
        self._room.set()
        self._superseded = 0
        self._closed = False

    @property
    def settings(self) -> StreamSettings:
        """The settings in force."""
        return self._session.settings

    @property
    def owes(self) -> bool:
        """Whether closed utterances still wait for their final."""
        return self._session.owed_s > 0

    def feed(self, data: bytes) -> None:
        """Take audio; wait for `room` before the next piece."""
        self._take(AudioCame(data))

    async def room(self) -> None:
        """Wait until the session owes little enough to take more audio, or is closed."""
        if not self._closed:
            await self._room.wait()

    def configure(self, settings: StreamSettings) -> None:
        """Change settings from the next utterance on."""
        self._take(SettingsChanged(settings))

    def flush(self, flush_id: str | None) -> None:
        """Close the open utterance now."""
        self._take(FlushAsked(flush_id))

    def stop(self) -> None:
        """No more audio: the last event will be `Done`."""
        self._take(StopAsked())

    def close(self) -> None:
        """Forget everything: nobody listens any more."""
        if self._closed:
            return
        self._closed = True
        self._room.set()
        self._dispatcher.withdraw_session(self._session.id)
        for witness in self._witnesses:
            witness.ended()

    def on_result(self, job: Job, hypothesis: Hypothesis) -> None:
        """The scheduler's answer to a job."""
        self._superseded = 0
        if not self._closed:
            self._take(JobHeard(job, hypothesis))

    def on_failure(self, job: Job, message: str) -> None:
        """The scheduler's news that a job cannot be done."""
        if not self._closed:
            self._take(JobFailed(job, message))

    def on_superseded(self, job: Job) -> None:
        """The scheduler's news that a partial was never run."""
        self._superseded += 1
        if self._superseded == SLOWED_AFTER and not self._closed:
            self._take(PartialsSlowed())

    def _take(self, given: Input) -> None:
        if not self._carry_out(given):
            return  # no more is owed than before, and no less
        if self._session.owed_s < MAX_OWED_S:
            self._room.set()
        elif self._room.is_set():
            self._room.clear()
            self._carry_out(AudioHeld())

    def _carry_out(self, given: Input) -> bool:
        """Give the session its input; returns whether anything followed."""
        for witness in self._witnesses:
            witness.took(given)
        outputs = put(self._session, given)
        for output in outputs:
            match output:
                case Job():
                    self._dispatcher.submit(output, self)
                case Withdrawal(key):
                    self._dispatcher.withdraw(key)
                case _:
                    for witness in self._witnesses:
                        witness.gave(output)
                    self._emit(output)
        return bool(outputs)
