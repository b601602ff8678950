"""Encoder passes beside the decoder, each on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from streamer.decoding.ragged import Encoded
from streamer.decoding.request import Request
from streamer.speech.hypothesis import EngineError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A clip that is encoded and may join the decoder, or whose encoding failed."""

    key: int
    request: Request
    encoded: Encoded | EngineError


IDLE_S = 5.0
"""How long a thread waits for another clip before it ends. With a thread for each clip, eight files
at once took 5 % longer: who starts a thread waits until it runs."""


class EncoderPool:
    """Encodes clips in the order in which they come, a few at a time.

    Its threads end when nothing has come for a while, and keep no process alive. All but `encode`
    is called by one thread.
    """

    def __init__(self, encode: Callable[[Request], Encoded], size: int) -> None:
        self._encode = encode
        self._size = size
        lock = threading.Lock()
        self._came = threading.Condition(lock)
        """Said to an idle thread for each clip that comes, and to all at the end."""
        self._changed = threading.Condition(lock)
        """Said to the caller: a clip is encoded, or failed, or a thread has ended."""
        self._waiting: deque[tuple[int, Request]] = deque()
        self._done: list[Ready] = []
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._keys: set[int] = set()

    def __len__(self) -> int:
        """Clips that were put and not yet taken."""
        return len(self._keys)

    def put(self, key: int, request: Request) -> None:
        """Encode a clip as soon as a thread is free."""
        self._keys.add(key)
        with self._changed:
            self._waiting.append((key, request))
            if self._idle >= len(self._waiting):
                self._came.notify()
            elif self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name="encoder", daemon=True).start()

    def take(self, wait_s: float | None) -> list[Ready]:
        """Return who is encoded by now, or as soon as there is one.

        That is waited for at most so many seconds, or with None as long as it takes.
        """
        taken: list[Ready] = []
        while not taken and self._keys:
            with self._changed:
                self._changed.wait_for(lambda: self._done, wait_s)
                done, self._done = self._done, []
            taken = [ready for ready in done if ready.key in self._keys]
            self._keys.difference_update(ready.key for ready in taken)
            if wait_s is not None:
                break
        return taken

    def drop(self, key: int) -> None:
        """Forget a clip; one that waits costs nothing."""
        self._keys.discard(key)
        with self._changed:
            self._waiting = deque(item for item in self._waiting if item[0] != key)

    def close(self) -> None:
        """Forget every clip, and wait for passes in progress, which end unheard.

        A thread that is amid ONNX Runtime when the interpreter ends would abort the process.
        """
        self._keys.clear()
        with self._changed:
            self._waiting.clear()
            self._closed = True
            self._came.notify_all()
            self._changed.wait_for(lambda: self._threads == 0)

    def _work(self) -> None:
        while (item := self._next()) is not None:
            key, request = item
            try:
                encoded: Encoded | EngineError = self._encode(request)
            except Exception as error:  # whatever it is, it is this clip's alone
                log.exception("a clip of %d samples could not be encoded", len(request.samples))
                encoded = EngineError(str(error))
            with self._changed:
                self._done.append(Ready(key, request, encoded))
                self._changed.notify()

    def _next(self) -> tuple[int, Request] | None:
        with self._came:
            self._idle += 1
            self._came.wait_for(lambda: self._waiting or self._closed, IDLE_S)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            self._changed.notify()
            return None
