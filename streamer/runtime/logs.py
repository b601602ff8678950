"""Log lines, as text or JSON, with the session that they are about; written by a thread.

A terminal, pipe or disk that takes no more must not stop the event loop: lines wait in a bounded
queue, and beyond it they are dropped and counted.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from streamer.runtime.handoff import BoundedHandoff

LogFormat = Literal["text", "json"]

WAITING_BYTES = 4 << 20
"""Lines that may wait, as long as nobody takes them."""

CLOSE_TIMEOUT_S = 2.0

STANDARD_ERROR = 2

session_id: ContextVar[str | None] = ContextVar("session_id", default=None)
"""The session that the current task serves."""


class AtMost:
    """Lets so many lines a second through."""

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._second = 0
        self._passed = 0

    def allows(self, now: float) -> bool:
        """Whether one more may be written; counts it in the present second."""
        second = int(now)
        if second != self._second:
            self._second, self._passed = second, 0
        self._passed += 1
        return self._passed <= self._a_second


class TextLines(logging.Formatter):
    """For people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Put the session behind the message."""
        line = super().formatMessage(record)
        session = getattr(record, "session", None)
        return line if session is None else f"{line} [session {session}]"


class JsonLines(logging.Formatter):
    """One object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Name every part of the record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (session := getattr(record, "session", None)) is not None:
            line["session"] = session
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)


class _Handover(logging.Handler):
    """Hands records to the thread, and never waits."""

    def __init__(self, mailbox: BoundedHandoff[logging.LogRecord]) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        ready = copy.copy(record)
        ready.msg, ready.args = record.getMessage(), None
        if record.exc_info:
            ready.exc_text = logging.Formatter().formatException(record.exc_info)
            ready.exc_info = None
        if getattr(record, "session", None) is None:
            ready.session = session_id.get()
        if self._dropped:
            ready.msg = f"({self._dropped} lines before this were dropped) {ready.msg}"
        size = len(ready.msg) + len(ready.exc_text or "") + 500
        if self._mailbox.put(ready, size):
            self._dropped = 0
        else:
            self._dropped += 1


def _write_all(
    mailbox: BoundedHandoff[logging.LogRecord], formatter: logging.Formatter, descriptor: int
) -> None:
    """Write records as they come. Past Python's buffers: their locks would be held in a write."""
    while records := mailbox.take():
        for record in records:
            line = formatter.format(record).encode("utf-8", "backslashreplace") + b"\n"
            try:
                while line:
                    line = line[os.write(descriptor, line) :]
            except OSError:
                continue  # a full disk: there is nobody to tell


@contextmanager
def logging_to(descriptor: int, style: LogFormat, level: int = logging.INFO) -> Generator[None]:
    """Send all log lines to a file descriptor as long as the context lasts."""
    mailbox: BoundedHandoff[logging.LogRecord] = BoundedHandoff(WAITING_BYTES)
    formatter = JsonLines() if style == "json" else TextLines()
    handler = _Handover(mailbox)
    thread = threading.Thread(
        target=_write_all,
        args=(mailbox, formatter, descriptor),
        name="log",
        daemon=True,
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    thread.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        mailbox.close()
        thread.join(CLOSE_TIMEOUT_S)
