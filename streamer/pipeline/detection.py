"""Voice detection beside the event loop: the frames of all streams together, in one thread."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streamer.session.detection import Detect, Frames
from streamer.session.inputs import Detected
from streamer.vad.silero import Network, Request, SileroStream, advance, step

log = logging.getLogger(__name__)

GATHER_S = 0.01
"""How long frames wait for company, where there are streams enough to bring some."""

GATHER_FROM = 8
"""Streams from which on company pays: a frame costs 0.2 ms alone and half of it among eight."""

MAX_ROWS = 128
"""Frames judged in one call: more of them are no cheaper, and the first would wait for the last."""

SEQUENCE_FROM = 8
"""Frames from which on those of one stream are judged in a row and not step by step with others:
what comes faster than it is spoken."""

SEQUENCE = 31
"""Of them, what is judged in one go, a second: then it is the others' turn again, after 3 ms."""

CLOSE_TIMEOUT_S = 10.0

Answer = Callable[[Detected], None]


@dataclass(eq=False, slots=True)
class _Ask:
    """Frames of one `Detect`: a request for each channel."""

    owner: DetectionStream
    requests: list[Request]
    since: float

    @property
    def done(self) -> bool:
        return all(len(one.found) == len(one.frames) for one in self.requests)


class DetectionStream:
    """What one session asks; its answers come on the event loop, in the order of the asking."""

    def __init__(self, detection: VoiceDetection, channels: int, answer: Answer) -> None:
        self.answer = answer
        self.closed = False
        self.waiting: deque[_Ask] = deque()
        self._detection = detection
        self._channels = [SileroStream() for _ in range(channels)]

    def submit(self, asked: Detect) -> None:
        """Ask for the probabilities of frames."""
        self._detection.submit(self, self._requests(asked.frames))

    def close(self) -> None:
        """Forget it: nobody wants answers any more."""
        self.closed = True
        self._detection.left()

    def _requests(self, frames: Frames) -> list[Request]:
        return [Request(one, row) for one, row in zip(self._channels, frames, strict=True)]


@dataclass(slots=True)
class _Work:
    """The thread's own: what it is at."""

    asks: list[_Ask] = field(default_factory=list[_Ask])
    short: list[Request] = field(default_factory=list[Request])
    long: deque[Request] = field(default_factory=deque[Request])

    def add(self, ask: _Ask) -> None:
        self.asks.append(ask)
        long = len(ask.requests[0].frames) >= SEQUENCE_FROM
        (self.long if long else self.short).extend(ask.requests)


class VoiceDetection:
    """Runs Silero's network. All but its thread belongs to the event loop that `start` was on."""

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self._network = network
        self._clock = clock
        self._changed = threading.Condition()
        self._ready: list[_Ask] = []  # whose stream has none before it
        self._streams = 0
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="voice detection", daemon=True)

    def start(self) -> None:
        """Start the thread; must be called on the event loop that is to be answered."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """End the thread; what waits is forgotten."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)

    def open(self, channels: int, answer: Answer) -> DetectionStream:
        """Begin a stream of so many channels; `answer` is called on the event loop."""
        self._streams += 1
        return DetectionStream(self, channels, answer)

    def left(self) -> None:
        """Count a stream less."""
        self._streams -= 1

    def submit(self, stream: DetectionStream, requests: list[Request]) -> None:
        """Queue the next frames of a stream."""
        ask = _Ask(stream, requests, self._clock())
        with self._changed:
            stream.waiting.append(ask)
            if len(stream.waiting) == 1:
                self._ready.append(ask)
                self._changed.notify()

    def _run(self) -> None:
        work = _Work()
        while self._join(work):
            self._judge(work)
            self._tell(work)

    def _join(self, work: _Work) -> bool:
        """Let who is ready join; waits where there is nothing to do, and False at the end."""
        with self._changed:
            while not (self._ready or work.asks or self._closing):
                self._changed.wait()
            if not work.asks and self._streams >= GATHER_FROM:
                self._gather()
            ready, self._ready = self._ready, []
            for ask in ready:
                work.add(ask)
            return not self._closing

    def _gather(self) -> None:
        """Wait for company, until the first has waited for long enough."""
        until = self._ready[0].since + GATHER_S if self._ready else 0.0
        while not self._closing and len(self._ready) < self._streams:
            left = until - self._clock()
            if left <= 0 or not self._changed.wait(left):
                return

    def _judge(self, work: _Work) -> None:
        """Take each of those with a few frames one on, and one of the others a second."""
        for at in range(0, len(work.short), MAX_ROWS):
            together = work.short[at : at + MAX_ROWS]
            self._try(together, lambda some: step(self._network, some))
        work.short = [one for one in work.short if len(one.rest)]
        if work.long:
            one = work.long.popleft()
            self._try([one], lambda some: advance(self._network, some[0], SEQUENCE))
            if len(one.rest):
                work.long.append(one)

    def _try(self, requests: list[Request], judge: Callable[[list[Request]], None]) -> None:
        try:
            judge(requests)
        except Exception:  # the runtime may raise anything; the thread must not end
            log.exception("frames of %d streams could not be judged", len(requests))
            for one in requests:  # so that nothing that may have been said is lost
                one.found += [1.0] * len(one.rest)

    def _tell(self, work: _Work) -> None:
        done = [ask for ask in work.asks if ask.done or ask.owner.closed]
        if not done:
            return
        work.asks = [ask for ask in work.asks if not (ask.done or ask.owner.closed)]
        gone = {id(one) for ask in done if not ask.done for one in ask.requests}
        if gone:
            work.short = [one for one in work.short if id(one) not in gone]
            work.long = deque(one for one in work.long if id(one) not in gone)
        with self._changed:
            for ask in done:
                ask.owner.waiting.popleft()
                if ask.owner.waiting:
                    self._ready.append(ask.owner.waiting[0])
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_answer, done)
        except RuntimeError:
            log.debug("the event loop is closed: answers are dropped")


def _answer(done: Sequence[_Ask]) -> None:
    for ask in done:
        if not ask.owner.closed:
            ask.owner.answer(Detected(tuple(tuple(one.found) for one in ask.requests)))
