"""What each key's clients used: sums for the metrics, and a line a session for whoever bills.

A line is one JSON object. Several lines with one `session` are streams that one client opened one
after the other on one connection (settings that only a new stream can take): their sums add up.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import Counter

from streamer.runtime.handoff import BoundedHandoff
from streamer.server.admission.quotas import Peer
from streamer.session.events import Event, Final
from streamer.session.inputs import Input
from streamer.session.session import Session

log = logging.getLogger(__name__)

WAITING_BYTES = 4 << 20
"""Lines that may wait for the disk: some ten thousand sessions that end at once."""

CLOSE_TIMEOUT_S = 10.0


class UsageLog:
    """Appends lines to a file, in a thread. Raises OSError for a file that cannot be written.

    The file is opened anew for each batch, so that it may be moved away while the server runs. A
    line that cannot be written goes to the server's log instead.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write([])
        self._lines: BoundedHandoff[str] = BoundedHandoff(WAITING_BYTES)
        self._thread = threading.Thread(target=self._work, name="usage log", daemon=True)
        self._thread.start()

    def add(self, usage: dict[str, Any]) -> None:
        """Append one session's usage; does not wait for the disk."""
        line = json.dumps(usage, ensure_ascii=False)
        if not self._lines.put(line, len(line)):
            log.error("usage is not written, the disk is too slow: %s", line)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._lines.close()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            log.error("usage is not written after %g s", CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while lines := self._lines.take():
            try:
                self._write(lines)
            except OSError as error:
                for line in lines:
                    log.error("usage is not written, %s: %s", error.strerror, line)

    def _write(self, lines: list[str]) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(fd, "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))


class SessionUsage:
    """Looks on at one session (`SessionObserver`), and sums what its finals are charged for."""

    def __init__(
        self,
        session: Session,
        peer: Peer,
        model: str,
        counter: Counter,
        usage_log: UsageLog | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._key = peer.key
        self._model = model
        self._counter = counter.labels(peer.key or "")
        self._log = usage_log
        self._now = now
        self._began = now()
        self._usage_s = 0.0
        self._finals = 0

    def on_input(self, given: Input) -> None:
        """Nothing is charged for what comes in."""

    def on_event(self, event: Event) -> None:
        """Charge for a final."""
        if isinstance(event, Final):
            self._finals += 1
            self._usage_s += event.usage_s
            self._counter.inc(event.usage_s)

    def on_close(self) -> None:
        """Write down the sums."""
        if self._log is None:
            return
        settings = self._session.settings
        self._log.add(
            {
                "session": self._session.id,
                "key": self._key,
                "model": self._model,
                "language": settings.language,
                "channels": settings.channels,
                "began": _stamp(self._began),
                "ended": _stamp(self._now()),
                "audio_s": round(self._session.audio_s * settings.channels, 3),
                "usage_s": round(self._usage_s, 3),
                "finals": self._finals,
            }
        )


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
