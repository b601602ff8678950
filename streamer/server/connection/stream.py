"""One stream of audio of a client: its runner, and how its time passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamer.pipeline.runner import SessionRunner
from streamer.pipeline.stream_clock import StreamClock
from streamer.protocols.dialect import Open
from streamer.server.connection.slices import AHEAD_S, slice_bytes
from streamer.server.connection.ticker import TICK_S, Ticker
from streamer.session.events import Event, SpeechEnded, SpeechStarted
from streamer.session.inputs import Audio, Tick

AFTERMATH_S = 6.0
"""Longer than any silence that a client may want to be told of after speech: Deepgram's
`utterance_end_ms` goes to 5 s."""


class OpenStream:
    """What the dialect has opened. `finished` is set once everything is told.

    While an utterance is open the session is told of the time that passes without audio;
    `on_silence`, if any, is told then and for `AFTERMATH_S` more.
    """

    def __init__(
        self,
        opened: Open,
        runner: SessionRunner,
        ticker: Ticker,
        on_silence: Callable[[float], None] | None,
    ) -> None:
        self.opened = opened
        self.runner = runner
        self.finished = asyncio.Event()
        self.slice_bytes = slice_bytes(opened.settings)
        self.since_turn_s = 0.0  # audio fed since others last had their turn for sure
        self._ticker = ticker
        self._on_silence = on_silence
        self._ticks_left = 0
        self._clock = StreamClock()
        self._speaking = 0  # channels with an open utterance
        self._held = 0  # reasons why no audio can come

    @property
    def is_ahead(self) -> bool:
        """Whether it comes faster than anybody speaks."""
        return self._clock.missing(self._ticker.now()) < -AHEAD_S

    def feed(self, audio: Audio) -> float:
        """Feed audio that has come just now; returns its seconds, over all channels."""
        before = self.runner.audio_s
        self.runner.handle(audio)
        came_s = self.runner.audio_s - before
        self._clock.came(self._ticker.now(), came_s)
        seconds = came_s * self.opened.settings.channels
        self.since_turn_s += seconds
        return seconds

    def follow(self, event: Event) -> None:
        """Take note of who speaks."""
        match event:
            case SpeechStarted():
                self._speaking += 1
                self._ticker.add(self, self._tick)
            case SpeechEnded():
                self._speaking -= 1
                self._ticks_left = round(AFTERMATH_S / TICK_S) if self._on_silence else 0
                if not self._speaking and not self._ticks_left:
                    self._ticker.remove(self)
            case _:
                pass

    def hold(self) -> None:
        """Nobody reads what comes: the stream's time stands still."""
        self._held += 1

    def go_on(self) -> None:
        """Read on after a `hold`."""
        self._held -= 1
        self._clock.stood_still(self._ticker.now())

    def close(self) -> None:
        """Forget it."""
        self._ticker.remove(self)
        self.runner.close()

    def _tick(self, now: float) -> None:
        if self._held:
            return
        if not self._speaking:
            self._ticks_left -= 1
            if self._ticks_left <= 0:
                self._ticker.remove(self)
        if (missing := self._clock.missing(now)) < TICK_S:
            return
        if self._speaking:
            self.runner.handle(Tick(missing))
        if self._on_silence is not None:
            self._on_silence(missing)
