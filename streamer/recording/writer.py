"""The files of recordings, as one thread writes them: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from streamer.recording.entries import Ended, Entry, Header, RecordingEnd
from streamer.recording.lines import entry_line, header_line

SUFFIX = ".recording.jsonl"

PART = ".part"
"""Stands behind the name of a file that is being written."""


class Outcome(StrEnum):
    """What became of a recording."""

    COMPLETE = "complete"
    CUT = "cut"  # it is a recording of the session's beginning: there was no more room
    LOST = "lost"  # nothing is kept: the disk or the writer could not keep up


def used_bytes(folder: Path) -> int:
    """Return what the recordings in a folder take; raises OSError."""
    used = 0
    for path in folder.glob(f"*{SUFFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # somebody tidies up
            used += path.stat().st_size
    return used


class RecordingFile:
    """One recording being written. Raises OSError when the disk says no; `discard` then."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._part = path.with_name(path.name + PART)
        self._file: BinaryIO = os.fdopen(
            os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        )
        self._lines = 1
        try:
            self._file.write(header_line(header))
        except OSError:
            self.discard()
            raise

    def write(self, entry: Entry) -> int:
        """Add an entry; returns how many bytes it took."""
        self._lines += 1
        return self._file.write(entry_line(entry))

    def complete(self, reason: RecordingEnd) -> None:
        """Write the end, and give the file its name once it is on the disk."""
        self.write(Ended(reason, self._lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


class Writer:
    """All recordings of a server that are being written, by session. One thread's own.

    `warn` is called once, with the first thing that goes wrong; `count` with every outcome.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        warn: Callable[[str], None],
        count: Callable[[Outcome], None],
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._warn: Callable[[str], None] | None = warn
        self._count = count
        self._files: dict[str, RecordingFile] = {}
        self._used = 0

    def begin(self, header: Header) -> None:
        """Open the file of a session, if there is room."""
        try:
            self._used = used_bytes(self._folder)
            if self._used >= self._max_bytes:
                self._full()
                self._count(Outcome.LOST)
                return
            stamp = header.began.replace("-", "").replace(":", "")
            path = self._folder / f"{stamp}-{header.session}{SUFFIX}"
            self._files[header.session] = RecordingFile(path, header)
        except OSError as error:
            self._lose(header.session, f"cannot write recordings into {self._folder}: {error}")

    def write(self, session: str, entry: Entry) -> None:
        """Add an entry to a session's file, if it still has one."""
        file = self._files.get(session)
        if file is None:
            return
        try:
            self._used += file.write(entry)
        except OSError as error:
            self._lose(session, f"cannot write recordings into {self._folder}: {error}")
            return
        if self._used >= self._max_bytes:
            self._full()
            for open_session in list(self._files):
                self.end(open_session, RecordingEnd.LIMIT)

    def end(self, session: str, reason: RecordingEnd) -> None:
        """Complete a session's file, if it still has one."""
        file = self._files.get(session)
        if file is None:
            return
        try:
            file.complete(reason)
        except OSError as error:
            self._lose(session, f"cannot write recordings into {self._folder}: {error}")
            return
        del self._files[session]
        self._count(Outcome.COMPLETE if reason is RecordingEnd.CLOSED else Outcome.CUT)

    def lose(self, session: str) -> None:
        """Give a session's recording up, since entries of it are missing."""
        if session in self._files:
            self._lose(session, "recordings are dropped: they come faster than the disk takes them")

    def end_all(self) -> None:
        """Complete what is open: no more entries come."""
        for session in list(self._files):
            self.end(session, RecordingEnd.CLOSED)

    def _full(self) -> None:
        self._say(
            f"recordings stop: those in {self._folder} have reached {self._max_bytes >> 20} MB; "
            "delete some, or raise --record-max-mb"
        )

    def _lose(self, session: str, why: str) -> None:
        self._say(why)
        file = self._files.pop(session, None)
        if file is not None:
            file.discard()
        self._count(Outcome.LOST)

    def _say(self, problem: str) -> None:
        if self._warn is not None:
            self._warn(problem)
            self._warn = None
