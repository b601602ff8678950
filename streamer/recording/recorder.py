"""Recording sessions while they run, without holding them up.

The event loop only hands entries over; a thread writes them. What the thread cannot keep up with
is not recorded: the session goes on, and its recording is dropped as a whole.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from streamer import __version__
from streamer.recording.entries import EngineName, Entry, Gave, Header, RecordingEnd, Took, recorded
from streamer.recording.writer import Outcome, Writer
from streamer.runtime.handoff import BoundedHandoff
from streamer.session.events import Event
from streamer.session.inputs import Audio, Input
from streamer.session.session import Session
from streamer.speech.engine_info import EngineInfo

log = logging.getLogger(__name__)

WAITING_BYTES = 64 << 20
"""Entries that may wait for the disk, all sessions together."""

ENTRY_BYTES = 500
"""What an entry without audio is taken to weigh."""

CLOSE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Begin:
    header: Header


@dataclass(frozen=True, slots=True)
class _Add:
    session: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class _End:
    session: str
    lost: bool


class Recorder:
    """Records every session of a server into a folder. Raises OSError for one that will not do."""

    def __init__(self, folder: Path, max_bytes: int, count: Callable[[Outcome], None]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "recordings cannot be written there", str(folder))
        self._mailbox: BoundedHandoff[_Begin | _Add | _End] = BoundedHandoff(WAITING_BYTES)
        self._writer = Writer(folder, max_bytes, log.warning, count)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    async def close(self) -> None:
        """Complete all recordings, and end the thread."""
        self._mailbox.close()
        await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            log.error("recordings are not written after %g s", CLOSE_TIMEOUT_S)

    def record(self, session: Session, engine: EngineInfo) -> Recording:
        """Return an observer that records a session from its beginning."""
        header = Header(
            program=__version__,
            session=session.id,
            began=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            engine=EngineName(
                name=engine.name, provider=engine.provider, precision=engine.precision
            ),
            settings=session.settings,
            min_speech_ms=session.min_speech_ms,
        )
        return Recording(header, self._mailbox, time.monotonic)

    def _work(self) -> None:
        while items := self._mailbox.take():
            for item in items:
                match item:
                    case _Begin(header):
                        self._writer.begin(header)
                    case _Add(session, entry):
                        self._writer.write(session, entry)
                    case _End(session, lost) if lost:
                        self._writer.lose(session)
                    case _End(session):
                        self._writer.end(session, RecordingEnd.CLOSED)
        self._writer.end_all()


class Recording:
    """Looks on at one session (`SessionObserver`); `clock` is in seconds, and monotonic."""

    def __init__(
        self,
        header: Header,
        mailbox: BoundedHandoff[_Begin | _Add | _End],
        clock: Callable[[], float],
    ) -> None:
        self._header = header
        self._session = header.session
        self._mailbox = mailbox
        self._clock = clock
        self._origin = clock()
        self._begun = False
        self._lost = False

    def on_input(self, given: Input) -> None:
        """Record an input."""
        size = len(given.data) if isinstance(given, Audio) else 0
        self._add(Took(self._now(), recorded(given)), size)

    def on_event(self, event: Event) -> None:
        """Record an event."""
        self._add(Gave(self._now(), event), 0)

    def on_close(self) -> None:
        """Complete the recording."""
        if self._begun and not self._lost:
            self._mailbox.put(_End(self._session, lost=False), ENTRY_BYTES, always=True)

    def _add(self, entry: Entry, size: int) -> None:
        if not self._begun:
            self._begun = True  # a session that takes nothing leaves no file
            self._hand_over(_Begin(self._header), 0)
        self._hand_over(_Add(self._session, entry), size)

    def _hand_over(self, item: _Begin | _Add, size: int) -> None:
        if self._lost or self._mailbox.put(item, size + ENTRY_BYTES):
            return
        self._lost = True
        self._mailbox.put(_End(self._session, lost=True), ENTRY_BYTES, always=True)

    def _now(self) -> float:
        return self._clock() - self._origin
