"""The engine's side of the socket: requests in, answers out, after each step."""

from __future__ import annotations

import logging
import os
import socket
import threading

import numpy as np

from streamer.engines.base import MeasuredEngine
from streamer.engines.worker.messages import ANSWERS, REQUESTS, Advanced, Answer, Submit
from streamer.runtime.frames import frame, read_frame
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import EngineError, Hypothesis, Outcome

log = logging.getLogger(__name__)

TOLD_EVERY_S = 0.1
"""Steps that end no clip are told together: there are a hundred a second, and nobody waits."""


class EngineHost:
    """Serves one engine over a socket until the other end is gone.

    Blocks the thread that calls `serve`; answers are sent by the engine's.
    """

    def __init__(self, engine: MeasuredEngine, connection: socket.socket) -> None:
        self._engine = engine
        self._connection = connection
        self._sending = threading.Lock()
        self._heard: list[tuple[int, Hypothesis]] = []
        self._failed: list[tuple[int, EngineError]] = []
        self._steps_s: list[float] = []
        engine.on_step = self._steps_s.append

    def serve(self) -> None:
        """Take requests until nobody sends any more."""
        self._engine.start(self._advanced)
        with self._connection.makefile("rb") as stream:
            while (found := read_frame(stream)) is not None:
                head, body = found
                request = REQUESTS.validate_json(head)
                if isinstance(request, Submit):
                    self._submit(request, body)
                else:
                    self._engine.cancel(request.key)

    def _submit(self, request: Submit, body: bytes) -> None:
        clip = Clip(
            samples=np.frombuffer(body, np.float32),
            options=request.options,
            draft=request.draft,
            incremental=request.incremental,
            patient=request.patient,
        )
        self._engine.submit(request.key, clip, lambda outcome: self._ended(request.key, outcome))

    def _ended(self, key: int, outcome: Outcome) -> None:
        if isinstance(outcome, EngineError):
            self._failed.append((key, outcome))
        else:
            self._heard.append((key, outcome))

    def _advanced(self) -> None:
        """A step has ended: tell of it at once where somebody waits for that."""
        steps_s = self._steps_s
        if not (self._heard or self._failed) and sum(steps_s) < TOLD_EVERY_S:
            return
        capacity = self._engine.capacity()
        answer = Advanced(
            heard=tuple(self._heard),
            failed=tuple(self._failed),
            steps_s=tuple(steps_s),
            busy_s=capacity.busy_s,
            trouble=capacity.trouble,
            work=self._engine.work,
        )
        for told in (self._heard, self._failed, steps_s):
            told.clear()
        self.tell(answer)

    def tell(self, answer: Answer) -> None:
        """Send an answer; where nobody takes it any more, the process has no purpose left."""
        head = ANSWERS.dump_json(answer)
        try:
            with self._sending:
                self._connection.sendall(frame(head))
        except OSError:
            log.info("the server is gone: so is its engine")
            os._exit(0)
